//! The peer in Rust: takes a lead, stores it, hands it to a network, notes what became of it, answers.
//!
//! Written as the guides of the runtime and the SDK show it: every crate with its default features, the configuration
//! loaded by `aws_config`, a multi-thread runtime. The clients are made once, before the first event.

use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, Response, run, service_fn, tracing};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Lead {
    name: String,
    phone: String,
    country: String,
    click_id: Option<String>,
}

#[derive(Deserialize)]
struct Taken {
    uid: String,
}

struct Clients {
    table: aws_sdk_dynamodb::Client,
    network: reqwest::Client,
    table_name: String,
    network_url: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = aws_config::load_from_env().await;
    let clients = Clients {
        table: aws_sdk_dynamodb::Client::new(&config),
        network: reqwest::Client::new(),
        table_name: std::env::var("TABLE_NAME")?,
        network_url: std::env::var("NETWORK_URL")?,
    };
    run(service_fn(|request| handle(&clients, request))).await
}

async fn handle(clients: &Clients, request: Request) -> Result<Response<Body>, Error> {
    let text = String::from_utf8(request.body().to_vec())?;
    let lead: Lead = serde_json::from_str(&text)?;
    let id = uuid::Uuid::new_v4().to_string();
    let phone: String = lead.phone.chars().filter(char::is_ascii_digit).collect();
    let key = AttributeValue::S(format!("o#{id}"));
    clients
        .table
        .put_item()
        .table_name(&clients.table_name)
        .item("pk", key.clone())
        .item("sk", AttributeValue::S(id.clone()))
        .item("status", AttributeValue::S("queued".to_owned()))
        .item("click", AttributeValue::S(lead.click_id.clone().unwrap_or_else(|| id.clone())))
        .item("lead", AttributeValue::S(text))
        .condition_expression("attribute_not_exists(pk)")
        .send()
        .await?;
    let form = [
        ("id", id.as_str()),
        ("name", lead.name.as_str()),
        ("phone", phone.as_str()),
        ("country", lead.country.as_str()),
    ];
    let body: String = form.iter().map(|(name, value)| format!("{name}={}&", encode(value))).collect();
    let taken: Taken = clients
        .network
        .post(&clients.network_url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    clients
        .table
        .update_item()
        .table_name(&clients.table_name)
        .key("pk", key)
        .key("sk", AttributeValue::S(id.clone()))
        .update_expression("SET #status = :delivered, nid = :nid")
        .condition_expression("#status = :queued")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":delivered", AttributeValue::S("delivered".to_owned()))
        .expression_attribute_values(":queued", AttributeValue::S("queued".to_owned()))
        .expression_attribute_values(":nid", AttributeValue::S(taken.uid.clone()))
        .send()
        .await?;
    let answer = json!({"order_id": id, "delivery": "delivered", "network_order_id": taken.uid});
    Ok(Response::builder()
        .status(201)
        .header("content-type", "application/json")
        .body(answer.to_string().into())?)
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
