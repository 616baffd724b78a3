//! How much of a call is noted.

use std::time::Duration;

use tracer_runtime::rpc::{READ_START, RpcCall, RpcPlan, StatsLevel};
use tracer_runtime::{SpanKind, builder};

use crate::ends_of_streams::{Fate, suffer};
use crate::support::{run_child, stderr_of};
use crate::told::Diary;

#[test]
fn the_lifecycle_is_noted_where_there_is_a_tracer_unless_said() {
    for which in ["no tracer", "base"] {
        stderr_of(&run_child(which).output().unwrap());
    }
}

/// How many events a call has, and up to which level.
fn noted() -> (usize, StatsLevel) {
    let call = RpcCall::start(RpcPlan::server("thrift"));
    let info = call.info().unwrap().clone();
    call.record(READ_START);
    call.finish();
    (info.stats().events().len(), info.stats().level())
}

pub(crate) fn without_a_tracer() {
    let telemetry = builder().init().unwrap();
    assert_eq!(noted(), (2, StatsLevel::Base));
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}

pub(crate) fn base() {
    let diary = Diary::default();
    let telemetry = builder().with_tracer(diary.clone());
    let telemetry = telemetry.with_stats_level(StatsLevel::Base).init().unwrap();
    assert_eq!(noted(), (2, StatsLevel::Base));
    suffer(Fate::SaysWhatIsWrong);
    assert_eq!(diary.told(SpanKind::Client), ["is error"]);
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}
