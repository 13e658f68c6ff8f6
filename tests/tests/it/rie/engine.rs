//! An embedded DynamoDB on a loopback port with the table of the template in it.

use dynoxide::Database;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::cloudformation::template;

/// The table's name; a deployed one gets its name when it is made.
pub(crate) const TABLE: &str = "leadrelay-test";

/// The running engine. It ends with this value.
pub(crate) struct Engine {
    port: u16,
    _stop: oneshot::Sender<()>,
}

impl Engine {
    /// Starts an empty one and makes the table as a deployment would.
    pub(crate) async fn start() -> Self {
        let database = Database::memory().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = async { drop(stopped.await) };
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, ended));
        let engine = Self { port, _stop: stop };
        engine.create_table().await;
        engine
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    async fn create_table(&self) {
        let of = template()["Resources"]["OrdersTable"]["Properties"].clone();
        let request = json!({
            "TableName": TABLE,
            "BillingMode": of["BillingMode"],
            "AttributeDefinitions": of["AttributeDefinitions"],
            "KeySchema": of["KeySchema"],
            "GlobalSecondaryIndexes": of["GlobalSecondaryIndexes"],
        });
        let made = self.call("CreateTable", &request).await;
        assert_eq!(made["TableDescription"]["TableName"], TABLE, "{made}");
        let ttl = &of["TimeToLiveSpecification"];
        let set = self.call("UpdateTimeToLive", &json!({"TableName": TABLE, "TimeToLiveSpecification": ttl})).await;
        assert_eq!(set["TimeToLiveSpecification"], *ttl, "{set}");
    }

    /// One call of DynamoDB's JSON protocol. The engine wants a signature to be there and does not check it.
    pub(crate) async fn call(&self, operation: &str, request: &Value) -> Value {
        let scope = "Credential=test/20260101/eu-west-1/dynamodb/aws4_request";
        let call = super::emulator::client()
            .post(self.url())
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"))
            .body(request.to_string());
        serde_json::from_str(&call.send().await.unwrap().text().await.unwrap()).unwrap()
    }
}
