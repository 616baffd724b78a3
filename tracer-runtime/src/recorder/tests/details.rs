//! What spans record beside their records: within the budget, and forgotten with their trace.

use super::*;
use crate::context::Remote;
use crate::recorder::local;
use crate::span::inside::{attribute, failure_of};

/// Bytes of the budget that the active trace holds.
fn held() -> usize {
    local::with(|local| local.inspect(|fragment| fragment.bytes()).unwrap()).unwrap()
}

#[test]
fn a_value_that_changes_for_ever_holds_the_room_of_one() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    attribute("progress", "x".repeat(100).into());
    let once = held();
    for _ in 0..MANY {
        attribute("progress", "x".repeat(100).into());
    }
    assert_eq!(held(), once);
    attribute("progress", "x".repeat(1000).into());
    assert_eq!(held(), once + 900);
    attribute("progress", 1.into());
    assert_eq!(held(), once - 100);
    failed(root);
    recorder.accounts_for(1);
}

#[test]
fn events_and_attributes_beyond_the_limit_hold_nothing() {
    const KEYS: [&str; 128] = {
        let mut keys = [""; 128];
        let text = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
                    0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        let mut i = 0;
        while i < 128 {
            keys[i] = text.split_at(i).0;
            i += 1;
        }
        keys
    };
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    for key in KEYS {
        attribute(key, 1.into());
        crate::event!("event", key = "value");
    }
    let full = held();
    for _ in 0..MANY {
        attribute("one more", "value".into());
        crate::event!("one more", key = "value");
    }
    assert_eq!(held(), full);
    failed(root);
    let fragments = recorder.fragments();
    let details = fragments[0].spans().next().unwrap().details.unwrap();
    assert_eq!((details.attributes.len(), details.events.len()), (128, 128));
    assert_eq!(details.dropped_attributes as usize, MANY);
    assert_eq!(details.dropped_events as usize, MANY);
}

#[test]
fn what_a_kept_trace_holds_is_charged_to_the_queue() {
    let recorder = Recorder::new();
    let fail_with = |message: usize| {
        let mut guard = enter(site!("fails"));
        let mut failure = failure_of(&std::fmt::Error);
        failure.message = Some("x".repeat(message));
        guard.finish_with(Some(Box::new(failure)));
        drop(guard);
        recorder.pipeline.queue.size().1
    };
    let short = fail_with(0);
    assert!(short >= size_of::<Fragment>() + crate::recorder::budget::CHUNK_BYTES);
    assert_eq!(fail_with(1000) - short, short + 1000);
    recorder.accounts_for(2);
}

#[test]
fn what_a_span_recorded_is_charged_to_the_part_of_the_trace_that_it_is_in() {
    let recorder = Recorder::with(Sampler::always_on(), Keep::nothing());
    let root = enter(site!("root"));
    attribute("of the root", 1.into());
    let open = held();
    let child = enter(site!("child"));
    attribute("of the child", "x".repeat(1000).into());
    ok(child);
    for _ in 0..crate::recorder::fragment::MAX_RECORDS {
        call(site!("call"));
    }
    assert!(recorder.pipeline.queue.size().1 > 1000);
    assert!(held() <= open + crate::recorder::budget::CHUNK_BYTES);
    ok(root);
    recorder.accounts_for(2 + crate::recorder::fragment::MAX_RECORDS as u64);
}

#[test]
fn a_trace_that_is_decided_against_leaves_nothing_to_the_next_one() {
    let recorder = Recorder::new();
    let remote =
        Remote::new(crate::TraceId([1, 2]), crate::SpanId(3), 0).with_tracestate("vendor=1");
    let server = enter_at(site!("server"), Start::remote(Some(remote)));
    attribute("key", "x".repeat(1000).into());
    local::with(|local| {
        // As in a process without captures.
        local.inspect(|fragment| {
            fragment.pipe = None;
            fragment.special = false;
            fragment.partial = true;
        });
    });
    ok(server);
    local::with(|local| {
        let next = local.fragment(7, crate::TraceId([1, 1]), false).unwrap();
        assert_eq!(next.tracestate(), None);
        assert_eq!(next.remote_parent, None);
        assert!(!next.partial && !next.kept && !next.special);
        assert!(next.bytes() < 1000 + crate::recorder::budget::CHUNK_BYTES);
        local.recycle(next);
    });
    drop(recorder);
}
