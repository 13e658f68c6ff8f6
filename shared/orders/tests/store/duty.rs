use orders::{Duty, Store};

use crate::given::ACCOUNT;

pub(crate) async fn of_racing_runners_one_takes_the_duty(store: Store) {
    let mut racing = tokio::task::JoinSet::new();
    for runner in 0..12 {
        let store = store.clone();
        let holder = format!("run-{runner}");
        racing.spawn(async move { store.take_duty(ACCOUNT, "poll", &holder, 100, 160).await.unwrap() });
    }
    assert_eq!(racing.join_all().await.into_iter().flatten().count(), 1);
}

pub(crate) async fn a_duty_is_held_given_back_and_taken_over(store: Store) {
    let take = async |holder: &str, now_s| store.take_duty(ACCOUNT, "poll", holder, now_s, now_s + 60).await.unwrap();
    let give_back = async |holder: &str, note: &str| store.give_back_duty(ACCOUNT, "poll", holder, note).await.unwrap();
    let duty = |note: &str, taken_until| Some(Duty { note: note.into(), taken_until });

    assert_eq!(take("one", 100).await, duty("", 160));
    assert_eq!(take("two", 159).await, None, "held");
    assert_eq!(take("one", 110).await, duty("", 170), "its holder may take it again");
    assert!(give_back("one", "page 7").await);
    assert!(!give_back("one", "page 8").await, "no longer its own");
    assert_eq!(take("two", 120).await, duty("page 7", 180));
    assert_eq!(take("three", 180).await, duty("page 7", 240), "its time ran out");
    assert!(!give_back("two", "page 9").await, "taken over");
    assert!(give_back("three", "page 8").await);
    let all = store.duties(ACCOUNT).await.unwrap();
    assert_eq!(all.into_iter().collect::<Vec<_>>(), [("poll".to_owned(), duty("page 8", 0).unwrap())]);
    assert!(store.duties("other").await.unwrap().is_empty());
}
