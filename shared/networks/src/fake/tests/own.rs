//! Single points, on a manifest of their own.

use serde_json::{Value, json};

use crate::fake::{Arrived, judge, made_up_acceptance};
use crate::{Network, Settings, Submission};

const OWN: &str = r#"
format = 1
slug = "own"
name = "Own"
statuses_by = "poll"
correlate = "eid"
needs_base_url = true
guide = "None."
settings = { user = { title = "user" }, api = { title = "token", secret = true } }
params = { offer = { title = "offer" } }
statuses = { fresh = "wait" }

[submit]
proof = { confidence = "inferred", source = "a test", checked = "2026-11-22" }

[submit.call]
method = "POST"
url = "/leads/{setting.api}/new?route=in&user={setting.user}-{setting.api}"
encoding = "json"
fields = { id = "{order.id}", ref = "{order.id}:{lead.sub1 or ''}:{lead.sub2 or ''}", phone = "{lead.phone|digits}", code = 5, on = true, amount = "{lead.quantity?|number}" }

[submit.reply]
delivered = [{ at = "/ok", is = [true] }]
order_id = "/id"
"#;

fn own() -> Network {
    Network::parse("own.toml", "own", OWN).unwrap()
}

fn judge_json(path: &str, query: &str, body: &Value) -> Vec<String> {
    let known = Settings::from_pairs([("user", "u-1"), ("api", "t-2")]);
    let headers = [("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
    let body = body.to_string();
    let arrived = Arrived { method: "POST", path, query, headers: &headers, body: body.as_bytes() };
    judge(&own(), &arrived, &known).violations
}

const RIGHT_PATH: &str = "/leads/t-2/new";
const RIGHT_QUERY: &str = "route=in&user=u-1-t-2";

fn right() -> Value {
    json!({
        "id": "01kb2h8z40x0000000000000c1", "ref": "01kb2h8z40x0000000000000c1:a:", "phone": "48500100200",
        "code": 5, "on": true, "amount": 2,
    })
}

#[test]
fn a_request_by_the_contract_is_right() {
    assert_eq!(judge_json(RIGHT_PATH, RIGHT_QUERY, &right()), [""; 0]);
}

#[test]
fn violations_say_place_name_and_what_would_be_right() {
    let with = |name: &str, value: Value| {
        let mut body = right();
        body[name] = value;
        judge_json(RIGHT_PATH, RIGHT_QUERY, &body)
    };
    assert_eq!(with("code", json!("5")), ["field `code` is not `5`"]);
    assert_eq!(with("on", json!(false)), ["field `on` is not `true`"]);
    assert_eq!(with("amount", json!("2")), ["field `amount` is no number"]);
    assert_eq!(with("phone", json!(48_500_100_200_u64)), ["field `phone` is no text"]);
    assert_eq!(
        with("phone", json!("+48500100200")),
        ["field `phone` is not `{lead.phone|digits}`: it has something else than digits"]
    );
    assert_eq!(with("phone", json!("")), ["field `phone` is not `{lead.phone|digits}`: it is empty"]);
    assert_eq!(with("id", json!("7")), ["field `id` is not `{order.id}`: it is no order id of the relay"]);
    assert_eq!(with("ref", json!("a")), ["field `ref` is not `{order.id}:{lead.sub1 or ''}:{lead.sub2 or ''}`"]);
    assert_eq!(with("more", json!(1)), ["field `more` is not in the contract"]);
}

#[test]
fn settings_in_a_path_and_beside_each_other_are_compared() {
    let of = |path: &str, query: &str| judge_json(path, query, &right());
    assert_eq!(of("/leads/other/new", RIGHT_QUERY), ["the path is not the account's `api`"]);
    let wrong_user = of(RIGHT_PATH, "route=in&user=x-t-2");
    assert_eq!(wrong_user, ["query `user` is not the account's `user`"]);
    assert_eq!(of(RIGHT_PATH, "user=u-1-t-2"), ["query `route` is missing"]);
    assert_eq!(of(RIGHT_PATH, "route=out&user=u-1-t-2"), ["query `route` is not `in`"]);
    let twice = of(RIGHT_PATH, "route=in&route=in&user=u-1-t-2");
    assert_eq!(twice, ["query `route` comes more than once"]);
    let elsewhere = of("/orders", RIGHT_QUERY);
    assert_eq!(elsewhere, ["Own has no call with this method and path; its calls are POST /leads/{setting.api}/new"]);
}

#[test]
fn an_acceptance_made_of_the_contract_alone_is_read_as_one() {
    let reply = made_up_acceptance(&own(), 42).unwrap();
    let Submission::Delivered(taken) = own().read_submission(&reply, None) else { panic!() };
    assert_eq!(taken.network_order_id.as_deref(), Some("42"));
}
