use orders::Store;

use crate::given::ACCOUNT;

pub(crate) async fn of_racing_changes_of_a_state_one_is_made(store: Store) {
    let mut racing = tokio::task::JoinSet::new();
    for racer in 0..12 {
        let store = store.clone();
        racing.spawn(async move { store.swap_state(ACCOUNT, "health", None, Some(&racer.to_string())).await.unwrap() });
    }
    assert_eq!(racing.join_all().await.into_iter().filter(|made| *made).count(), 1);
}

pub(crate) async fn a_state_changes_from_what_it_was(store: Store) {
    let swap = async |before, after| store.swap_state(ACCOUNT, "health", before, after).await.unwrap();
    let now = async || store.state(ACCOUNT, "health").await.unwrap();
    assert_eq!(now().await, None);
    assert!(swap(None, Some("down")).await);
    assert!(!swap(None, Some("worse")).await);
    assert!(!swap(Some("worse"), None).await);
    assert_eq!(now().await.as_deref(), Some("down"));
    assert!(swap(Some("down"), Some("worse")).await);
    assert!(swap(Some("worse"), None).await);
    assert_eq!(now().await, None);
    assert!(swap(None, Some("down")).await, "again as if it had never been");
    assert_eq!(store.state("another", "health").await.unwrap(), None);
}
