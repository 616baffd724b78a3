//! A receiver that takes, refuses for now, refuses for good, or all of it in turns.

use std::sync::Arc;

use super::*;
use tonic::Code;

/// Many batches, in flight four at a time.
const SPANS: u64 = 1_205;

#[test]
fn a_receiver_that_takes_everything_gets_every_span_once() {
    let receiver = Receiver::start(|_| Answer::Ok);
    let mut sender = Sender::to(&receiver.url());
    sender.send(SPANS);
    assert_eq!(sender.flush(), Ok(()));
    assert_eq!(receiver.taken(), sender.all_ids());
    assert_eq!(sender.totals().exported, SPANS);
    assert_eq!(receiver.requests().len(), 121);
}

#[test]
fn what_is_refused_for_now_arrives_in_the_end() {
    let codes = [Code::Unavailable, Code::DeadlineExceeded, Code::Aborted];
    let receiver = Receiver::start(move |n| match n % 2 {
        0 => Answer::Refuse(codes[n / 2 % 3]),
        _ => Answer::Ok,
    });
    let mut sender = Sender::to(&receiver.url());
    sender.send(SPANS);
    assert_eq!(sender.flush(), Ok(()));
    assert_eq!(receiver.taken(), sender.all_ids());
    assert_eq!(sender.totals().exported, SPANS);
}

#[test]
fn what_is_refused_for_good_is_sent_once_and_counted_as_failed() {
    let codes = [Code::Internal, Code::InvalidArgument];
    let receiver = Receiver::start(move |n| match n % 2 {
        0 => Answer::Refuse(codes[n / 2 % 2]),
        _ => Answer::Ok,
    });
    let mut sender = Sender::to(&receiver.url());
    sender.send(SPANS);
    let Err(ExportError::Failed { lost, cause }) = sender.flush() else {
        panic!("half of it is lost");
    };
    assert!(cause.ends_with(": by the script"), "{cause}");
    let totals = sender.totals();
    assert_eq!(totals.exported, receiver.taken().len() as u64);
    assert_eq!(totals.dropped(DropReason::ExportFailed), lost);
    assert_eq!(receiver.requests().len(), 121, "nothing is sent again");
    assert_eq!(sender.flush(), Ok(()), "a loss is reported once");
}

#[test]
fn thirds_of_everything_add_up() {
    let receiver = Receiver::start(|n| match n % 3 {
        0 => Answer::Ok,
        1 => Answer::Refuse(Code::Unavailable),
        _ => Answer::Refuse(Code::PermissionDenied),
    });
    let mut sender = Sender::to(&receiver.url());
    sender.send(SPANS);
    assert!(sender.flush().is_err());
    let totals = sender.totals();
    let taken = receiver.taken();
    assert_eq!(totals.exported, taken.len() as u64);
    assert_eq!(
        totals.exported + totals.dropped(DropReason::ExportFailed),
        SPANS
    );
    // What was not refused for good has arrived, once.
    let refused = receiver.requests();
    let refused = refused.iter().enumerate().filter(|(n, _)| n % 3 == 2);
    let mut all: Vec<u64> = refused.flat_map(|(_, seen)| seen.ids.clone()).collect();
    all.extend(taken);
    all.sort_unstable();
    assert_eq!(all, sender.all_ids());
}

#[test]
fn what_is_rejected_of_a_batch_is_counted_and_not_sent_again() {
    let receiver = Receiver::start(|n| match n {
        0 => Answer::Reject(3),
        // A warning: everything was taken.
        1 => Answer::Reject(0),
        _ => Answer::Ok,
    });
    let mut sender = Sender::to(&receiver.url());
    sender.send(30);
    let Err(ExportError::Failed { lost: 3, cause }) = sender.flush() else {
        panic!("three are rejected");
    };
    assert!(cause.contains("too old"), "{cause}");
    assert_eq!(sender.totals().dropped(DropReason::Rejected), 3);
    assert_eq!(sender.totals().exported, 27);
    assert_eq!(receiver.requests().len(), 3);
}

#[test]
fn retries_end_after_so_many_attempts() {
    let receiver = Receiver::start(|_| Answer::Refuse(Code::Unavailable));
    let mut settings = settings(&receiver.url());
    settings.batches.in_flight = 1;
    let mut sender = Sender::new(&settings, usize::MAX);
    let policy = RetryPolicy {
        attempts: 4,
        ..EAGER
    };
    sender.exporter = with_policy(&settings, sender.account, policy);
    sender.send(7);
    assert!(matches!(
        sender.flush(),
        Err(ExportError::Failed { lost: 7, .. })
    ));
    assert_eq!(receiver.requests().len(), 4);
    assert_eq!(sender.totals().dropped(DropReason::ExportFailed), 7);
}

fn with_policy(
    settings: &OtlpSettings,
    account: &'static Account,
    policy: RetryPolicy,
) -> OtlpExporter {
    let surroundings = Surroundings {
        resource: &Resource::new(&[], None, &[]),
        account,
        byte_budget: usize::MAX,
        metrics: None,
        logs: None,
        spans_go_elsewhere: false,
    };
    OtlpExporter::with_retries(settings, surroundings, policy).expect("valid settings")
}

#[test]
fn a_receiver_that_says_when_is_left_alone_until_then() {
    const DELAY: Duration = Duration::from_millis(300);
    let receiver = Receiver::start(|n| match n {
        0 => Answer::RefuseFor(Code::ResourceExhausted, DELAY),
        _ => Answer::Ok,
    });
    let mut settings = settings(&receiver.url());
    settings.batches.in_flight = 1;
    let mut sender = Sender::new(&settings, usize::MAX);
    sender.send(20);
    assert_eq!(sender.flush(), Ok(()));
    let requests = receiver.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests[1].at - requests[0].at >= DELAY);
    assert_eq!(receiver.taken(), sender.all_ids());
}

#[test]
fn several_requests_are_under_way_at_one_time() {
    let arrived = Arc::new(std::sync::Barrier::new(2));
    let gate = Arc::clone(&arrived);
    // One worker thread: it answers the first request only when told to, by which time others wait.
    let receiver = Receiver::start(move |n| {
        if n == 0 {
            gate.wait();
        }
        Answer::Ok
    });
    let mut settings = settings(&receiver.url());
    settings.batches.in_flight = 4;
    let mut sender = Sender::new(&settings, usize::MAX);
    sender.send(100);
    sender.until(|| receiver.read(|record| record.requests.len()) > 0);
    let push = sender.exporter.spans.as_ref().expect("spans are exported");
    assert_eq!(push.lane.queued(), 6, "of ten, four are under way");
    arrived.wait();
    assert_eq!(sender.flush(), Ok(()));
    assert_eq!(receiver.taken(), sender.all_ids());
}

#[test]
fn a_batch_goes_when_it_has_waited_long_enough() {
    let receiver = Receiver::start(|_| Answer::Ok);
    let mut settings = settings(&receiver.url());
    settings.batches.delay = Duration::from_millis(20);
    let mut sender = Sender::new(&settings, usize::MAX);
    sender.send(3);
    sender.until(|| receiver.taken().len() == 3);
    assert_eq!(receiver.requests().len(), 1);
}

#[test]
fn metrics_go_at_the_interval_and_at_a_flush() {
    let receiver = Receiver::start(|_| Answer::Ok);
    let pushes = || receiver.read(|record| record.metrics.len());
    let mut slow = Sender::to(&receiver.url());
    assert_eq!(slow.flush(), Ok(()));
    assert_eq!(pushes(), 1);
    let deadline = Instant::now() + Duration::from_secs(60);
    assert_eq!(slow.exporter.shutdown(deadline), Ok(()));
    assert_eq!(pushes(), 2);

    let mut settings = settings(&receiver.url());
    settings.metric_interval = Duration::from_millis(10);
    let mut quick = Sender::new(&settings, usize::MAX);
    quick.until(|| pushes() >= 5);
    let metrics = receiver.read(|record| record.metrics[0].clone());
    let scope = &metrics.resource_metrics[0].scope_metrics[0];
    assert!(scope.metrics.iter().any(|m| m.name == "tracer.records"));
}

#[test]
fn a_receiver_that_takes_no_metrics_is_asked_once_and_gets_the_spans() {
    let receiver = Receiver::start(|_| Answer::Ok);
    receiver.refuse_metrics(Code::Unimplemented);
    let mut sender = Sender::to(&receiver.url());
    sender.send(10);
    let Err(ExportError::Failed { lost: 0, cause }) = sender.flush() else {
        panic!("it says so once");
    };
    assert!(cause.starts_with("Unimplemented"), "{cause}");
    sender.send(10);
    assert_eq!(sender.flush(), Ok(()));
    assert_eq!(receiver.read(|record| record.metrics.len()), 1);
    assert_eq!(receiver.taken(), sender.all_ids());
}
