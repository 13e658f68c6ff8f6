//! The contracts of a round's networks: their accounts and offers, their calls, and what they say of a lead.

use serde_json::{Value, json};

use crate::harness::Act;

/// Where a network sends on to instead of an answer. Nobody may follow it with a lead.
pub(crate) const ELSEWHERE: &str = "/elsewhere";

/// The two calls of the network that is called twice for a lead.
pub(crate) const CLICK: &str = "/URL-11111-22222";
pub(crate) const SAVE: &str = "/api/v2/lead/save";

/// Offers by name, each with the account of its network. Each network is sent our order id.
pub(crate) const OFFERS: [(&str, &str); 4] = [
    // Its contract is its HTTP codes, and its statuses come by postback.
    (
        "codes",
        r#"
[accounts.codes]
network = "drcash"
base_url = "NETWORK"
api = "t0ken"

[offers.codes]
account = "codes"
country = "PL"
drcash = "f10w"
"#,
    ),
    // It has words for "not taken", and is asked by its own ids.
    (
        "words",
        r#"
[accounts.words]
network = "monsterleads"
base_url = "NETWORK"
api = "t0ken"

[offers.words]
account = "words"
country = "PL"
monster = "ab12c"
"#,
    ),
    // It is asked by our ids: a doubt is looked up.
    (
        "ours",
        r#"
[accounts.ours]
network = "whocpa"
base_url = "NETWORK"
api = "t0ken"
user = "1000000001"

[offers.ours]
account = "ours"
country = "PL"
whocpa = "7"
duplicates = { days = 30, action = "refuse" }
"#,
    ),
    // A call that hands nothing over goes first, and its statuses come by postback.
    (
        "first",
        r#"
[accounts.first]
network = "leadrock"
base_url = "NETWORK"
key = "1"
secret = "s3cret"

[offers.first]
account = "first"
country = "PL"
leadrock = "https://leadrock.com/URL-11111-22222"
"#,
    ),
];

/// What a network says of a lead.
pub(crate) struct Words {
    pub(crate) accepted: Value,
    pub(crate) refused: Act,
    pub(crate) not_taken: Act,
    /// An error that its contract does not name.
    pub(crate) error: Act,
}

impl Words {
    pub(crate) fn at(path: &str, id: u64) -> Self {
        let turned_away = Act::answer(429, "{}");
        match path {
            "/v1/order" => Self {
                accepted: json!({"uuid": format!("u-{id}")}),
                refused: Act::answer(422, r#"{"message":"no"}"#),
                not_taken: turned_away,
                error: Act::json(&json!({"error": "try later"})),
            },
            "/method/order.add" => Self {
                accepted: json!({"status": "ok", "lead_hash": format!("h{id}")}),
                refused: Act::json(&json!({"status": "error", "error_code": 405})),
                not_taken: Act::json(&json!({"status": "error", "error_code": "439"})),
                error: Act::json(&json!({"status": "error", "error_code": 999})),
            },
            "/lead/add" => Self {
                accepted: json!({"status": "accepted", "order_id": id}),
                refused: Act::json(&json!({"status": "rejected"})),
                not_taken: turned_away,
                error: Act::json(&json!({"status": "error"})),
            },
            SAVE => Self {
                accepted: json!({"data": {"id": id}}),
                refused: Act::json(&json!({"is_error": true, "message": "no"})),
                not_taken: turned_away,
                error: Act::answer(200, "<html>Maintenance</html>"),
            },
            other => panic!("no network has {other}"),
        }
    }
}
