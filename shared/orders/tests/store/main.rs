//! What the store promises, each promise a function over a `Store`, kept by two servers that do not know each
//! other: the embedded engine, and the server at `LEADRELAY_SECOND_STORE_URL` where that is set (see the crate's README).

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may stop where a promise is broken, and says what it skipped"
)]

mod config;
mod customer;
mod delivery;
mod duty;
mod engine;
mod erasing;
mod fault;
mod given;
mod intake;
mod listing;
mod news;
mod parking;
mod racing;
mod state;
mod tally;
mod units;
mod work;

use engine::{Kept, embedded, second};
use orders::Store;

/// Runs a promise of many callers at once, on the embedded engine alone: the second server, as far as it is moto, checks
/// a condition and writes in two steps, so that of two callers both may win.
fn race<F: Future<Output = ()>>(name: &'static str, keep: impl Fn(Store) -> F) {
    println!("{name}: second server skipped, it need not be atomic");
    runtime().block_on(async { keep(embedded().await).await });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Runs a promise on the embedded engine and on the second server.
fn promise<F: Future<Output = ()>>(name: &'static str, keep: impl Fn(Store) -> F) {
    runtime().block_on(async {
        keep(embedded().await).await;
        match second(name).await {
            Kept::By(store) => keep(store).await,
            Kept::Skipped => println!("{name}: second server skipped, LEADRELAY_SECOND_STORE_URL is not set"),
        }
    });
}

macro_rules! promises {
    ($how:ident: $($module:ident: $($name:ident),+ $(,)?;)+) => {
        $($(
            #[test]
            fn $name() {
                $how(stringify!($name), crate::$module::$name);
            }
        )+)+
    };
}

promises! {
    race:
    intake: of_racing_inserts_one_wins, of_racing_claims_one_is_new;
    delivery: of_racing_runners_one_takes_the_order;
    news: racing_news_ends_as_the_table_says;
    racing: a_thousand_races_end_as_the_table_says;
    duty: of_racing_runners_one_takes_the_duty;
    customer: of_racing_leads_of_one_customer_one_is_stored;
    state: of_racing_changes_of_a_state_one_is_made;
}

promises! {
    promise:
    intake:
        an_order_reads_back_as_it_was_stored,
        a_claim_names_the_order_and_compares_the_body,
        a_test_order_is_never_work;
    delivery:
        each_outcome_leaves_its_state_and_work,
        a_repeated_report_is_written_once,
        a_report_that_comes_late_does_not_answer_a_later_attempt,
        a_postback_during_the_call_keeps_its_status,
        delivered_never_goes_back,
        a_report_on_another_accounts_order_is_refused,
        a_queued_order_is_sent_again_when_its_time_comes,
        a_dead_runners_order_is_looked_up_not_sent,
        an_undeliverable_order_is_sent_again_by_a_person_only;
    news:
        the_table_decides,
        news_of_another_account_changes_nothing,
        the_same_news_twice_is_one_event,
        ignored_news_is_kept_once,
        a_full_history_takes_changes_only,
        any_news_leaves_the_state_of_the_pure_rules,
        a_final_status_leaves_the_due_index_and_recovery_returns,
        news_shows_that_an_order_in_doubt_was_delivered,
        a_disagreement_is_disputed_until_it_ends,
        a_note_is_kept_once;
    listing:
        lists_are_newest_first_and_complete,
        filters_admit_what_they_say,
        a_phone_finds_its_orders,
        a_click_id_finds_its_orders,
        a_network_order_id_finds_its_order;
    work:
        due_work_comes_in_pages_by_age,
        stalled_orders_are_those_no_run_knows;
    parking:
        parked_news_waits_and_is_kept_once;
    duty:
        a_duty_is_held_given_back_and_taken_over;
    customer:
        a_customer_is_claimed_with_the_order_or_not_at_all,
        a_claim_ends_with_its_days_and_can_be_taken_over,
        a_claim_is_released_by_its_order;
    erasing:
        an_erased_order_keeps_its_figures_only,
        what_is_not_yet_erased_is_found_by_its_time,
        a_queued_lead_that_is_erased_is_never_sent,
        parked_news_is_erased_of_its_texts;
    tally:
        every_order_is_counted_once,
        an_order_nobody_knows_of_is_a_remainder;
    state:
        a_state_changes_from_what_it_was;
    config:
        documents_are_stored_read_listed_and_removed;
}
