//! Events of the queue: SQS through Lambda, with partial batch failure.

use relay::sweep::Message;
use serde::Serialize;
use serde_json::Value;

/// What SQS must deliver again; the rest of the batch is done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failures {
    /// One entry a message.
    pub batch_item_failures: Vec<Failure>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Its id.
    pub item_identifier: String,
}

impl Failures {
    /// The answer that names these messages.
    #[must_use]
    pub fn of(ids: Vec<String>) -> Self {
        Self { batch_item_failures: ids.into_iter().map(|item_identifier| Failure { item_identifier }).collect() }
    }
}

/// The messages of an SQS event; `None` where it is none.
pub(crate) fn messages(payload: &Value) -> Option<Vec<Message>> {
    let records = payload.get("Records")?.as_array()?;
    let message = |record: &Value| {
        let text = |name: &str| record.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Message { id: text("messageId")?, body: text("body")? })
    };
    Some(records.iter().filter_map(message).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_an_event_of_the_queue_has_messages() {
        let event = json!({"Records": [{"messageId": "a", "body": "{}", "eventSource": "aws:sqs"}]});
        assert_eq!(messages(&event), Some(vec![Message { id: "a".to_owned(), body: "{}".to_owned() }]));
        assert_eq!(messages(&json!({"source": "aws.scheduler", "detail-type": "Scheduled Event"})), None);
        assert_eq!(messages(&json!({"account": "main"})), None);
    }

    #[test]
    fn failures_are_told_as_lambda_reads_them() {
        let told = serde_json::to_value(Failures::of(vec!["a".to_owned()])).unwrap();
        assert_eq!(told, json!({"batchItemFailures": [{"itemIdentifier": "a"}]}));
        assert_eq!(serde_json::to_value(Failures::default()).unwrap(), json!({"batchItemFailures": []}));
    }
}
