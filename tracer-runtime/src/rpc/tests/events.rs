//! What is noted of a call's lifecycle.

use super::*;
use crate::testing;

static AUTH_DONE: RpcEvent = RpcEvent::new("auth_done", StatsLevel::Base);
static CACHE_ASKED: RpcEvent = RpcEvent::new("cache_asked", StatsLevel::Detailed);

fn names(info: &RpcInfo) -> Vec<&'static str> {
    info.stats()
        .events()
        .iter()
        .map(|record| record.event().name())
        .collect()
}

#[test]
fn events_are_there_in_order_with_times_that_grow() {
    let _capture = testing::capture();
    let call = start(installed(StatsLevel::Detailed, |_| {}), plan());
    let info = call.info().expect("a capture records").clone();
    for event in [READ_START, READ_FINISH, SERVER_HANDLE_START] {
        call.record(event);
    }
    call.record(AUTH_DONE);
    call.record(SERVER_HANDLE_FINISH);
    call.finish();
    assert_eq!(
        names(&info),
        [
            "rpc_start",
            "read_start",
            "read_finish",
            "server_handle_start",
            "auth_done",
            "server_handle_finish",
            "rpc_finish",
        ]
    );
    let events = info.stats().events();
    assert!(events.is_sorted_by_key(EventRecord::offset));
    assert!(events.is_sorted_by_key(EventRecord::time));
    assert_eq!(events[0].offset(), std::time::Duration::ZERO);
    assert_eq!(
        events.last().map(EventRecord::offset),
        Some(info.stats().cost())
    );
}

#[test]
fn the_first_of_a_name_counts() {
    let _capture = testing::capture();
    let call = start(installed(StatsLevel::Detailed, |_| {}), plan());
    call.record_with(READ_FINISH, EventStatus::Error, "broken pipe");
    call.record(READ_FINISH);
    call.record_with(AUTH_DONE, EventStatus::Warn, "by token");
    call.record(AUTH_DONE);
    let stats = call.info().expect("a capture records").stats();
    let read = stats.event(READ_FINISH).expect("it was noted");
    assert_eq!(
        (read.status(), read.info()),
        (EventStatus::Error, "broken pipe")
    );
    let auth = stats.event(AUTH_DONE).expect("it was noted");
    assert_eq!(
        (auth.status(), auth.info()),
        (EventStatus::Warn, "by token")
    );
    call.finish();
}

#[test]
fn an_event_beyond_the_level_is_not_noted() {
    let _capture = testing::capture();
    let call = start(installed(StatsLevel::Base, |_| {}), plan());
    let info = call.info().expect("a capture records").clone();
    call.record(READ_START);
    call.record(CACHE_ASKED);
    call.record(AUTH_DONE);
    call.finish();
    assert_eq!(names(&info), ["rpc_start", "auth_done", "rpc_finish"]);
    assert_eq!(info.stats().event(READ_START), None);
}

#[test]
fn a_failed_call_finishes_with_its_error() {
    let _capture = testing::capture();
    let call = start(installed(StatsLevel::Base, |_| {}), plan());
    let info = call.info().expect("a capture records").clone();
    call.fail(&std::io::Error::other("the shelf is empty"));
    let finish = info.stats().event(RPC_FINISH).expect("it is over");
    assert_eq!(
        (finish.status(), finish.info()),
        (EventStatus::Error, "the shelf is empty")
    );
    let error = info.stats().error().expect("it failed");
    assert_eq!(error.message.as_deref(), Some("the shelf is empty"));
}

#[test]
fn events_without_end_are_counted_beyond_the_sixty_fourth() {
    let _capture = testing::capture();
    let call = start(installed(StatsLevel::Detailed, |_| {}), plan());
    for i in 0..70 {
        let name: &'static str = Box::leak(format!("event {i}").into_boxed_str());
        call.record(RpcEvent::new(name, StatsLevel::Base));
    }
    let stats = call.info().expect("a capture records").stats();
    assert_eq!((stats.events().len(), stats.dropped_events()), (65, 6));
    call.finish();
}

#[test]
fn what_happens_once_is_noted_once_whoever_notes_it() {
    let _capture = testing::capture();
    let call = start(installed(StatsLevel::Detailed, |_| {}), plan());
    let info = call.info().expect("a capture records").clone();
    std::thread::scope(|scope| {
        for text in ["a", "b", "c", "d"] {
            let info = info.clone();
            scope.spawn(move || info.record_with(WRITE_FINISH, EventStatus::Error, text));
        }
    });
    let write = info.stats().event(WRITE_FINISH).expect("somebody noted it");
    assert!(["a", "b", "c", "d"].contains(&write.info()), "{write:?}");
    call.finish();
}
