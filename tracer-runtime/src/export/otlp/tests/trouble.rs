//! A receiver that is not there, goes away, or never answers.

use super::*;
use std::net::TcpListener;
use std::sync::Arc;

#[test]
fn a_receiver_that_comes_up_later_gets_everything() {
    // Nobody listens, and nobody else gets the port as long as its listener was bound to it.
    let address = {
        let reserved = TcpListener::bind("127.0.0.1:0").expect("a free port");
        reserved.local_addr().expect("an address")
    };
    let mut sender = Sender::to(&format!("http://{address}"));
    sender.send(50);
    let soon = Instant::now() + Duration::from_millis(100);
    assert_eq!(
        sender.exporter.flush(soon),
        Err(ExportError::TimedOut { undelivered: 6 }),
        "five batches and the metrics"
    );
    let receiver = Receiver::start_at(address, |_| Answer::Ok);
    assert_eq!(sender.flush(), Ok(()));
    assert_eq!(receiver.taken(), sender.all_ids());
    assert_eq!(sender.totals().exported, 50);
}

#[test]
fn a_receiver_that_is_restarted_in_the_middle_of_a_request_gets_it_again() {
    let first = Receiver::start(|_| Answer::Never);
    let address = first.address;
    let mut sender = Sender::to(&first.url());
    sender.send(40);
    sender.until(|| first.read(|record| record.requests.len()) == 4);
    drop(first);
    let second = Receiver::start_at(address, |_| Answer::Ok);
    assert_eq!(sender.flush(), Ok(()));
    assert_eq!(second.taken(), sender.all_ids());
}

#[test]
fn an_attempt_that_is_not_answered_in_time_is_made_again_on_a_new_connection() {
    let receiver = Receiver::start(|n| match n {
        0 => Answer::Never,
        _ => Answer::Ok,
    });
    let mut settings = settings(&receiver.url());
    settings.batches.in_flight = 1;
    if let Some(traces) = &mut settings.traces {
        traces.timeout = Some(Duration::from_millis(200));
    }
    let mut sender = Sender::new(&settings, usize::MAX);
    sender.send(10);
    assert_eq!(sender.flush(), Ok(()));
    assert_eq!(receiver.taken(), sender.all_ids());
    assert_eq!(receiver.requests().len(), 2);
}

/// Connections are made, and nothing ever comes back.
fn black_hole() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

#[test]
fn a_black_hole_costs_its_budget_and_no_more_and_every_span_is_counted() {
    const BUDGET: usize = 1024 * 1024;
    let (_listener, url) = black_hole();
    let mut settings = settings(&url);
    settings.batches.max_spans = 512;
    let mut sender = Sender::new(&settings, BUDGET);
    let mut largest = 0;
    for _ in 0..2_000 {
        sender.send(500);
        let push = sender.exporter.spans.as_ref().expect("spans are exported");
        largest = largest.max(push.lane.ledger().bytes() + push.batcher.bytes());
    }
    // A trace is taken as a whole: the last one may go over by its size.
    assert!(
        largest > BUDGET && largest < BUDGET + 500 * 400,
        "{largest}"
    );

    let begin = Instant::now();
    let result = sender.exporter.shutdown(begin + Duration::from_secs(1));
    assert!(begin.elapsed() < Duration::from_millis(1_200));
    assert!(matches!(result, Err(ExportError::TimedOut { .. })));
    let totals = sender.totals();
    assert_eq!(sender.sent, 1_000_000);
    assert_eq!(totals.exported, 0);
    let late = totals.dropped(DropReason::Shutdown);
    assert!(late > 0);
    assert_eq!(totals.dropped(DropReason::QueueFull) + late, 1_000_000);
}

#[test]
fn so_many_spans_wait_at_most_where_that_is_set() {
    let (_listener, url) = black_hole();
    let mut settings = settings(&url);
    settings.batches.max_queued = Some(100);
    let mut sender = Sender::new(&settings, usize::MAX);
    for _ in 0..500 {
        sender.send(1);
    }
    let deadline = Instant::now() + Duration::from_millis(10);
    assert!(sender.exporter.shutdown(deadline).is_err());
    let totals = sender.totals();
    assert_eq!(totals.dropped(DropReason::Shutdown), 100);
    assert_eq!(totals.dropped(DropReason::QueueFull), 400);
}

#[test]
fn after_the_shutdown_everything_is_dropped_and_nothing_fails() {
    let receiver = Receiver::start(|_| Answer::Ok);
    let mut sender = Sender::to(&receiver.url());
    sender.send(5);
    let deadline = || Instant::now() + Duration::from_secs(60);
    assert_eq!(sender.exporter.shutdown(deadline()), Ok(()));
    assert_eq!(receiver.taken(), [1, 2, 3, 4, 5]);
    sender.send(7);
    assert_eq!(sender.exporter.flush(deadline()), Ok(()));
    assert_eq!(sender.exporter.shutdown(deadline()), Ok(()));
    assert!(!sender.exporter.park(Duration::ZERO, &Signal::default()));
    let totals = sender.totals();
    assert_eq!(totals.exported, 5);
    assert_eq!(totals.dropped(DropReason::Shutdown), 7);
    assert_eq!(receiver.taken().len(), 5);
}

#[test]
fn an_exporter_that_is_dropped_accounts_for_what_it_held() {
    let (_listener, url) = black_hole();
    let mut sender = Sender::to(&url);
    sender.send(25);
    let Sender {
        exporter,
        account,
        sent,
    } = sender;
    drop(exporter);
    assert_eq!(account.totals().dropped(DropReason::Shutdown), sent);
}

#[test]
fn a_signal_ends_the_wait_and_a_due_batch_does_too() {
    let (_listener, url) = black_hole();
    let mut sender = Sender::to(&url);
    let signal = Arc::new(Signal::default());
    let other = Arc::clone(&signal);
    let thread = std::thread::spawn(move || other.raise());
    let begin = Instant::now();
    assert!(sender.exporter.park(Duration::from_secs(60), &signal));
    assert!(begin.elapsed() < Duration::from_secs(30));
    thread.join().expect("raise does not panic");
}
