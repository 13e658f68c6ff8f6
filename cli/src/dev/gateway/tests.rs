use relay::settings::Settings;

use super::*;

/// The gateway of a relay whose table nobody serves: what is refused here is refused before anything is read.
async fn gateway() -> (String, watch::Sender<bool>) {
    let settings: Settings = crate::dev::settings("http://127.0.0.1:1", &"a-secret-of-tests-0123456789abcdef".into());
    let relay = Arc::new(Relay::new(&settings).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/dev/schedule", listener.local_addr().unwrap());
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(serve(listener, relay, stopped));
    (url, stop)
}

#[tokio::test]
async fn what_changes_orders_needs_a_key_and_what_cannot_be_read_is_no_run() {
    let (url, _stop) = gateway().await;
    let client = relay::transport::http_client(None).unwrap();
    for (body, status, told) in [
        (json!({"forget": {"phone": "+48500100200", "apply": true}}), 401, "admin's key"),
        (json!({"retry": {"account": "main", "apply": true}}), 401, "admin's key"),
        (json!({"remap": {"account": "main", "apply": true}}), 401, "admin's key"),
        (json!({"acount": "main"}), 422, "`acount`: there is no such member; `account`?"),
        (json!({"account": 5}), 422, "`account`: a text is wanted, not a number"),
        (json!({"account": "main", "all": "true"}), 422, "`all`: true or false is wanted"),
    ] {
        let answer = client.post(&url).body(body.to_string()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{body}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(told) && !text.contains("500100"), "{body}: {text}");
    }
    let answer = client.post(&url).body("{").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 400);
    let answer = client.post(&url).header("origin", "https://shop.example").body("{}").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 403, "a page that a browser shows");
}
