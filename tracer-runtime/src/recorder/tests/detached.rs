//! Spans that no thread holds: where their records go, and what becomes of their traces' slots.

use super::*;
use crate::record::{CallOutcome, SpanDetails};
use crate::recorder::apart::{Ended, Said};
use crate::recorder::budget::Claim;
use crate::recorder::details::Details;
use crate::recorder::local;
use crate::recorder::slot::Handle;
use crate::span::context::Context;
use crate::span::detached::{Detached, Under};

/// Nothing was said.
struct Silent;

impl Said for Silent {
    fn is_empty(&self) -> bool {
        true
    }

    fn add(&mut self, _: SpanDetails, _: Claim) {}

    fn outcome(&mut self, outcome: CallOutcome) -> CallOutcome {
        outcome
    }

    fn file(&mut self, _: &mut Details) -> u32 {
        0
    }

    fn take(&mut self) -> Option<(SpanDetails, Claim)> {
        None
    }
}

fn begin(site: &'static Callsite, under: Under) -> Detached {
    let mut span = Detached::new(site);
    let placed = local::with(|local| span.place(local, &under));
    assert_eq!(placed, Some(Some(())));
    span.start_at(clock::now());
    span
}

fn end_as(mut span: Detached, outcome: CallOutcome) {
    let ended = Ended {
        outcome,
        duration: 1,
    };
    local::with(|local| span.end(local, span.site(), ended, &mut Silent, false)).unwrap();
}

fn end(span: Detached) {
    end_as(span, CallOutcome::Ok);
}

fn slot_of(span: &Detached) -> Handle {
    span.context().handle().unwrap()
}

#[test]
fn a_span_that_outlives_its_root_follows_the_verdict() {
    let recorder = Recorder::new();
    for (root_fails, kept) in [(true, vec![vec!["root"], vec!["late"]]), (false, vec![])] {
        let root = enter(site!("root"));
        let late = begin(site!("late"), Under::Current);
        let slot = slot_of(&late);
        match root_fails {
            true => failed(root),
            false => ok(root),
        }
        recorder.elsewhere(move || end(late));
        assert_eq!(recorder.kept(), kept);
        assert!(slot.upgrade().is_none());
    }
    recorder.accounts_for(4);
}

#[test]
fn a_failed_span_has_its_trace_kept_wherever_it_ends() {
    let recorder = Recorder::new();
    for elsewhere in [false, true] {
        let root = enter(site!("root"));
        let span = begin(site!("span"), Under::Current);
        match elsewhere {
            true => recorder.elsewhere(move || end_as(span, CallOutcome::Error)),
            false => end_as(span, CallOutcome::Error),
        }
        ok(root);
        assert_eq!(recorder.kept().concat(), ["span", "root"]);
    }
    recorder.accounts_for(4);
}

#[test]
fn the_slot_of_a_trace_is_free_again_after_its_last_span() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let spans: Vec<_> = (0..300)
        .map(|_| begin(site!("span"), Under::Current))
        .collect();
    let slot = slot_of(&spans[0]);
    let mut spans = spans.into_iter();
    spans.by_ref().take(200).for_each(end);
    let elsewhere: Vec<_> = spans.by_ref().take(50).collect();
    recorder.elsewhere(|| elsewhere.into_iter().for_each(end));
    ok(root);
    assert!(slot.upgrade().is_some());
    spans.for_each(end);
    assert!(slot.upgrade().is_none());
    recorder.accounts_for(301);
}

#[test]
fn a_span_is_filed_where_it_began_though_another_trace_is_active() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let span = begin(site!("span"), Under::Current);
    let other = enter_root(site!("other"));
    end(span);
    ok(other);
    failed(root);
    assert_eq!(recorder.kept(), [["span", "root"]]);
    recorder.accounts_for(3);
}

#[test]
fn a_root_owns_its_trace_and_its_children_join_it() {
    let recorder = Recorder::new();
    let root = begin(site!("root"), Under::Nothing);
    let below = Under::Span(root.context());
    let child = recorder.elsewhere(move || begin(site!("child"), below));
    let task = root.context();
    recorder.elsewhere(move || {
        let _guard = task.attach();
        assert!(Context::current().is_valid());
        end_as(child, CallOutcome::Error);
    });
    assert_eq!(recorder.kept().len(), 0);
    end(root);
    assert_eq!(recorder.kept().concat(), ["child", "root"]);
    recorder.accounts_for(2);
    assert_idle();
}
