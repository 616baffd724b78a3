//! Who is told, in what order, and what happens when one of them breaks.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::testing;

#[test]
fn tracers_start_in_order_and_finish_in_reverse_with_what_their_start_gave() {
    let (log, _capture) = (Log::default(), testing::capture());
    let installed = installed(StatsLevel::Detailed, |tracers| {
        tracers.push(Says("first", log.clone()));
        tracers.push(Says("second", log.clone()));
    });
    start(installed, plan()).finish();
    assert_eq!(
        log.lines(),
        [
            "first starts shop.Stock/reserve",
            "second starts shop.Stock/reserve",
            "second finishes ok 7",
            "first finishes ok 7",
        ]
    );
}

/// Panics where it is told to.
struct Breaks {
    in_start: bool,
    log: Log,
}

impl Tracer for Breaks {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {
        assert!(!self.in_start, "on purpose");
    }

    fn finish(&self, _rpc: &RpcInfo, _state: ()) {
        self.log.say("the broken one finishes");
        panic!("on purpose");
    }
}

#[test]
fn a_tracer_that_panics_in_start_gets_no_finish_and_harms_nobody() {
    let (log, capture) = (Log::default(), testing::capture());
    let installed = installed(StatsLevel::Detailed, |tracers| {
        tracers.push(Breaks {
            in_start: true,
            log: log.clone(),
        });
        tracers.push(Says("second", log.clone()));
    });
    start(installed, plan()).finish();
    assert_eq!(
        log.lines(),
        ["second starts shop.Stock/reserve", "second finishes ok 7"]
    );
    assert_eq!(capture.tree(), "shop.Stock/reserve [ok]\n");
    let panics: Vec<u64> = installed
        .tracers
        .reports()
        .map(|report| report.panics())
        .collect();
    assert_eq!(panics, [1, 0]);
}

#[test]
fn a_tracer_that_panics_in_finish_does_not_keep_it_from_the_others() {
    let (log, capture) = (Log::default(), testing::capture());
    let installed = installed(StatsLevel::Detailed, |tracers| {
        tracers.push(Says("first", log.clone()));
        tracers.push(Breaks {
            in_start: false,
            log: log.clone(),
        });
    });
    start(installed, plan()).finish();
    assert_eq!(
        log.lines(),
        [
            "first starts shop.Stock/reserve",
            "the broken one finishes",
            "first finishes ok 7"
        ]
    );
    assert_eq!(capture.tree(), "shop.Stock/reserve [ok]\n");
}

#[test]
fn every_start_has_a_finish_however_the_call_ends() {
    let (log, capture) = (Log::default(), testing::capture());
    let installed = installed(StatsLevel::Base, |tracers| {
        tracers.push(Says("it", log.clone()))
    });
    drop(start(installed, plan()));
    let mut call = start(installed, plan());
    let unwound = catch_unwind(AssertUnwindSafe(|| call.within(|| panic!("on purpose"))));
    assert!(unwound.is_err());
    drop(call);
    assert_eq!(
        capture.tree().lines().last(),
        Some("shop.Stock/reserve [panic]")
    );
    start(installed, plan()).fail(&std::fmt::Error);
    let finishes: Vec<_> = log
        .lines()
        .into_iter()
        .filter(|line| line.contains("finishes"))
        .collect();
    assert_eq!(
        finishes,
        [
            "it finishes cancelled 7",
            "it finishes panic 7",
            "it finishes error 7"
        ]
    );
}

#[test]
fn a_disabled_level_tells_nobody_and_notes_nothing() {
    let (log, capture) = (Log::default(), testing::capture());
    let installed = installed(StatsLevel::Disabled, |tracers| {
        tracers.push(Says("it", log.clone()))
    });
    let call = start(installed, plan());
    let info = call.info().expect("a capture records").clone();
    call.finish();
    assert_eq!(log.lines(), [""; 0]);
    assert!(info.stats().events().is_empty());
    assert_eq!(capture.tree(), "shop.Stock/reserve [ok]\n");
}

/// Looks at what is current.
struct Looks(Log);

impl Tracer for Looks {
    type State = ();

    fn start(&self, rpc: &RpcInfo) {
        let current = crate::current_ids().map(|ids| ids.span_id);
        self.0.say(format!(
            "start {}",
            current == rpc.ids().map(|ids| ids.span_id)
        ));
    }

    fn finish(&self, rpc: &RpcInfo, (): ()) {
        let current = crate::current_ids().map(|ids| ids.span_id);
        self.0.say(format!(
            "finish {}",
            current == rpc.ids().map(|ids| ids.span_id)
        ));
        crate::record("seen", true);
    }
}

#[test]
fn the_span_of_the_call_is_current_for_its_tracers() {
    let (log, capture) = (Log::default(), testing::capture());
    let installed = installed(StatsLevel::Base, |tracers| tracers.push(Looks(log.clone())));
    start(installed, plan()).finish();
    assert_eq!(log.lines(), ["start true", "finish true"]);
    assert_eq!(capture.tree(), "shop.Stock/reserve [ok] {seen=true}\n");
}

#[test]
fn what_is_known_of_a_call_stays_valid_on_another_thread_after_it() {
    let _capture = testing::capture();
    let call = start(installed(StatsLevel::Base, |_| {}), plan());
    let info = call.info().expect("a capture records").clone();
    call.finish();
    let seen = std::thread::spawn(move || {
        let finish = info.stats().event(RPC_FINISH).expect("it is over");
        (
            info.invocation().method().to_owned(),
            finish.status(),
            info.to().service_name().to_owned(),
        )
    });
    let seen = seen.join().expect("nothing panics there");
    assert_eq!(
        seen,
        ("reserve".to_owned(), EventStatus::Info, "shop".to_owned())
    );
}
