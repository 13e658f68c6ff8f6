//! The command line as it is written.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Relays leads to affiliate networks and brings their statuses back.
#[derive(Debug, Parser)]
#[command(name = "leadrelay", version, max_term_width = 120)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the whole relay on this machine with an embedded DynamoDB
    Dev(Dev),
    /// Show the networks of the catalogue, or one network's card
    Networks(NetworksArgs),
    /// Print an account's postback URLs, ready to paste into the network's cabinet
    Postbacks(PostbacksArgs),
    /// Check a configuration, or a network's manifest and its cases
    Check(CheckArgs),
    /// Check a configuration and store it in the relay's table
    Push(PushArgs),
    /// Make a random key for a client of the configuration
    Key,
    /// Send one lead through the relay and print its story
    Send(Box<SendArgs>),
    /// Read orders back
    Orders(OrdersArgs),
    /// Make one scheduled run now and print its sums
    Poll(PollArgs),
    /// Count what became of every lead; exit code 1 where it does not add up
    Audit(AuditArgs),
    /// Send undeliverable leads again; only shows them without --apply
    Retry(RetryArgs),
    /// Erase a customer's data and keep the figures; only counts without --apply
    Forget(ForgetArgs),
    /// Read the words that orders keep through today's tables, and show what would change
    Remap(RemapArgs),
}

#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// The configuration; without one a sandbox with a network of its own is started
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The port the relay listens on (loopback only)
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// Where the table is kept: a directory, or `:memory:`
    #[arg(long, value_name = "DIR", default_value = ".leadrelay")]
    pub(crate) data: String,
    /// How often the scheduled run is made, such as `30s`, `5m`, or `never`
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = every)]
    pub(crate) poll_every: Every,
    /// The port of the embedded DynamoDB (any free one by default)
    #[arg(long, value_name = "PORT")]
    pub(crate) dynamodb_port: Option<u16>,
    /// Use this DynamoDB instead of an embedded one
    #[arg(long, value_name = "URL", conflicts_with = "dynamodb_port")]
    pub(crate) endpoint_url: Option<String>,
    /// Serve a fake of every network with a known contract, for trying any route without an account
    #[arg(long)]
    pub(crate) fakes: bool,
}

/// How often the scheduled run is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Every {
    Never,
    After(Duration),
}

fn every(text: &str) -> Result<Every, String> {
    const WANTED: &str = "a time such as 30s, 5m or 1h, or never";
    if text == "never" {
        return Ok(Every::Never);
    }
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let number: u64 = number.parse().map_err(|_| WANTED.to_owned())?;
    let seconds = match unit {
        "s" | "" => number,
        "m" => number.saturating_mul(60),
        "h" => number.saturating_mul(3600),
        _ => return Err(WANTED.to_owned()),
    };
    if seconds == 0 { Err(WANTED.to_owned()) } else { Ok(Every::After(Duration::from_secs(seconds))) }
}

/// Which relay to talk to, and as whom.
#[derive(Debug, Args)]
pub(crate) struct Remote {
    /// The relay's address
    #[arg(long, env = "LEADRELAY_URL", default_value = "http://127.0.0.1:3000", value_name = "URL")]
    pub(crate) url: String,
    /// A client's key
    #[arg(long, env = "LEADRELAY_KEY", hide_env_values = true, value_name = "KEY")]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct NetworksArgs {
    /// A network's slug, such as `adcombo`
    pub(crate) slug: Option<String>,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the table of the README
    #[arg(long, conflicts_with_all = ["json", "slug"])]
    pub(crate) markdown: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PostbacksArgs {
    /// The account's name in the configuration
    pub(crate) account: String,
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "leadrelay.toml")]
    pub(crate) config: PathBuf,
    /// Scheme and host of the relay's door
    #[arg(long, default_value = "http://127.0.0.1:3000", value_name = "URL")]
    pub(crate) host: String,
    /// The relay's secret, from which the door's key is derived
    #[arg(long, env = "LEADRELAY_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub(crate) secret: Option<String>,
    /// The data directory of `leadrelay dev`, whose secret is used where none is given
    #[arg(long, default_value = ".leadrelay", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Fire each postback at the relay's door (--url) with a test order, and show what each became
    #[arg(long, conflicts_with = "parked")]
    pub(crate) verify: bool,
    /// List the postbacks that have found no order, from the relay at --url
    #[arg(long)]
    pub(crate) parked: bool,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The configuration
    #[arg(required_unless_present = "network", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// A folder with a network's manifest and its cases
    #[arg(long, value_name = "DIR", conflicts_with = "file")]
    pub(crate) network: Option<PathBuf>,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    /// The configuration
    pub(crate) file: PathBuf,
    /// The table's name
    #[arg(long, env = "TABLE_NAME", value_name = "NAME")]
    pub(crate) table: String,
    /// A DynamoDB elsewhere than at AWS, such as that of `leadrelay dev`
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Store secrets that stand in the file itself
    #[arg(long)]
    pub(crate) allow_literal_secrets: bool,
    /// Only show what would change
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// The offer's name
    pub(crate) offer: String,
    /// The customer's phone
    #[arg(long)]
    pub(crate) phone: String,
    /// The customer's name
    #[arg(long)]
    pub(crate) name: String,
    /// Country, two letters; the offer's own where left out
    #[arg(long)]
    pub(crate) country: Option<String>,
    /// The customer's IP address
    #[arg(long)]
    pub(crate) ip: Option<String>,
    /// The customer's browser
    #[arg(long)]
    pub(crate) user_agent: Option<String>,
    /// The tracker's click id
    #[arg(long)]
    pub(crate) click_id: Option<String>,
    /// Any other field of a lead, such as `--field city=Warszawa`
    #[arg(long = "field", value_name = "NAME=VALUE")]
    pub(crate) fields: Vec<String>,
    /// The same key makes the same order, however often it is sent
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// A test lead: everything but the call to the network
    #[arg(long)]
    pub(crate) test: bool,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
pub(crate) struct OrdersArgs {
    /// Show this order's whole story
    pub(crate) order_id: Option<String>,
    /// Orders of a click id
    #[arg(long)]
    pub(crate) click: Option<String>,
    /// Orders at a status: wait, hold, approve, cancel, trash
    #[arg(long)]
    pub(crate) status: Option<String>,
    /// Orders at a delivery state: queued, delivered, refused, unknown, undeliverable, test
    #[arg(long)]
    pub(crate) delivery: Option<String>,
    /// Orders of an account
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Orders of a network's order id; needs --account
    #[arg(long, requires = "account", value_name = "ID")]
    pub(crate) network_order_id: Option<String>,
    /// Orders of a phone, E.164
    #[arg(long)]
    pub(crate) phone: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: usize,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
    /// Print CSV
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
pub(crate) struct PollArgs {
    /// Only this account
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Ask for every open order, whatever its age
    #[arg(long)]
    pub(crate) all: bool,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Leads that came in from then: 2026-03-01, 2026-03-01T12:00:00Z, or 2d ago (all by default)
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Until before then (now by default)
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// Only this account
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
pub(crate) struct RetryArgs {
    /// This order alone; the only way to send again what is in doubt
    #[arg(conflicts_with_all = ["account", "since"])]
    pub(crate) order_id: Option<String>,
    /// Only this account's
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Only what came in since then: 2d, 12h, 2026-03-01, 2026-03-01T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Send again: the next scheduled run does
    #[arg(long)]
    pub(crate) apply: bool,
    /// Send an order again whose answer was lost, after the network was asked
    #[arg(long, requires = "order_id")]
    pub(crate) i_know_it_did_not_arrive: bool,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("whom").required(true))]
pub(crate) struct ForgetArgs {
    /// All orders of this phone, with + and country code
    #[arg(long, group = "whom")]
    pub(crate) phone: Option<String>,
    /// This order alone
    #[arg(long, group = "whom", value_name = "ORDER_ID")]
    pub(crate) order: Option<String>,
    /// Erase; it cannot be undone
    #[arg(long)]
    pub(crate) apply: bool,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
pub(crate) struct RemapArgs {
    /// The account whose orders are read again
    #[arg(long)]
    pub(crate) account: String,
    /// Change them; needs an admin's key
    #[arg(long)]
    pub(crate) apply: bool,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_are_read_with_their_unit() {
        assert_eq!(every("30s"), Ok(Every::After(Duration::from_secs(30))));
        assert_eq!(every("5m"), Ok(Every::After(Duration::from_mins(5))));
        assert_eq!(every("90"), Ok(Every::After(Duration::from_secs(90))));
        assert_eq!(every("never"), Ok(Every::Never));
        for wrong in ["", "0s", "soon", "5d", "-1s"] {
            assert!(every(wrong).is_err(), "{wrong}");
        }
    }
}
