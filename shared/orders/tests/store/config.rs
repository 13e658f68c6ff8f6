use orders::Store;

pub(crate) async fn documents_are_stored_read_listed_and_removed(store: Store) {
    store.put_config("account#adcombo-main", r#"{"network":"adcombo"}"#).await.unwrap();
    for number in 0..130 {
        store.put_config(&format!("offer#tea-{number:03}"), &format!(r#"{{"n":{number}}}"#)).await.unwrap();
    }
    store.put_config("offer#tea-001", r#"{"n":"again"}"#).await.unwrap();
    let got =
        store.get_config(&["offer#tea-001", "offer#none", "account#adcombo-main", "offer#tea-001"]).await.unwrap();
    let again = Some(r#"{"n":"again"}"#.to_owned());
    assert_eq!(got, [again.clone(), None, Some(r#"{"network":"adcombo"}"#.into()), again]);
    let names: Vec<String> = (0..130).map(|number| format!("offer#tea-{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let many = store.get_config(&names).await.unwrap();
    assert!(many.len() == 130 && many.iter().all(Option::is_some));
    assert_eq!(store.get_config(&[]).await, Ok(Vec::new()));

    let offers = store.list_config("offer#").await.unwrap();
    assert_eq!(offers.len(), 130);
    assert!(offers.is_sorted());
    assert_eq!(store.list_config("").await.unwrap().len(), 131);
    store.delete_config("account#adcombo-main").await.unwrap();
    store.delete_config("account#adcombo-main").await.unwrap();
    assert_eq!(store.list_config("account#").await, Ok(Vec::new()));
}
