//! `leadrelay key`: a random key for a client.

use crate::output;

/// Prints a new key; how to use it only where a person watches.
pub(crate) fn run() {
    output::line(relay::keys::random_key());
    if output::is_watched() {
        output::note(
            "It is shown this once. Give it to the client, keep it in a variable or an SSM parameter, and name that in \
             the configuration: key = \"env:SITE_A_KEY\"",
        );
    }
}
