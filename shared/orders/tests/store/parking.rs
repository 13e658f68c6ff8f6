use lead::Status;
use orders::{News, ParkKey, Parked, Store};

use crate::given::{ACCOUNT, START, id, told};

pub(crate) async fn parked_news_waits_and_is_kept_once(store: Store) {
    let ours = ParkKey::Order(id(START, 1));
    let theirs = ParkKey::NetworkOrder("812".into());
    let odd = ParkKey::NetworkOrder("812#7".into());
    let hold = told(Status::Hold, "hold", START);
    let paid = told(Status::Approve, "paid", START + 10);
    for (key, news) in [(&ours, &hold), (&theirs, &hold), (&theirs, &paid), (&odd, &paid)] {
        store.park(ACCOUNT, key, news, false).await.unwrap();
    }
    // The network repeats itself: the first time stands.
    store.park(ACCOUNT, &theirs, &News { at_ms: START + 99, ..hold.clone() }, false).await.unwrap();
    let news = |parked: Vec<Parked>| parked.into_iter().map(|parked| parked.news).collect::<Vec<_>>();

    let mut found = Vec::new();
    let mut start = None;
    loop {
        let page = store.parked(ACCOUNT, start.as_deref(), 3).await.unwrap();
        found.extend(page.parked);
        if page.next.is_none() {
            break;
        }
        start = page.next;
    }
    assert_eq!(found.len(), 4);
    assert_eq!(news(store.parked_for(ACCOUNT, &ours).await.unwrap()), std::slice::from_ref(&hold));
    let mut of_theirs = news(store.parked_for(ACCOUNT, &theirs).await.unwrap());
    of_theirs.sort_by_key(|news| news.at_ms);
    assert_eq!(of_theirs, [hold, paid.clone()]);
    assert_eq!(news(store.parked_for(ACCOUNT, &odd).await.unwrap()), [paid]);
    assert_eq!(store.parked("other", None, 10).await.unwrap().parked, []);

    for parked in &found {
        store.unpark(ACCOUNT, parked).await.unwrap();
        store.unpark(ACCOUNT, parked).await.unwrap();
    }
    assert_eq!(store.parked(ACCOUNT, None, 10).await.unwrap().parked, []);
}
