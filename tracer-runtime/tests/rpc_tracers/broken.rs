//! Tracers that panic, and tracers that block.

use std::time::{Duration, Instant};

use tracer_runtime::builder;
use tracer_runtime::rpc::{RpcInfo, Tracer};

use crate::call;
use crate::support::{metric, run_child, stderr_of};

/// Breaks whenever it can.
pub(crate) struct Broken;

impl Tracer for Broken {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {}

    fn finish(&self, _rpc: &RpcInfo, (): ()) {
        panic!("on purpose");
    }
}

#[test]
fn a_tracer_that_panics_is_counted_every_time_and_said_once_a_minute() {
    let text = stderr_of(&run_child("panics").output().unwrap());
    let said: Vec<_> = text.lines().filter(|l| l.starts_with("tracer: ")).collect();
    assert_eq!(said.len(), 1, "{text}");
    assert!(
        said[0].contains("rpc_tracers::broken::Broken panicked in `finish`"),
        "{text}"
    );
}

pub(crate) fn panics() {
    std::panic::set_hook(Box::new(|_| {}));
    let telemetry = builder().with_tracer(Broken).init().unwrap();
    let begin = Instant::now();
    for _ in 0..100 {
        call();
    }
    assert!(
        begin.elapsed() < Duration::from_secs(60),
        "else it says so twice"
    );
    let panics = metric("tracer_callback_panics_total{tracer=\"rpc_tracers::broken::Broken\"}");
    assert_eq!(panics, 100);
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}

/// Keeps the call waiting.
struct Slow;

const BLOCKED: Duration = Duration::from_millis(20);

impl Tracer for Slow {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {
        let begin = Instant::now();
        while begin.elapsed() < BLOCKED {}
    }

    fn finish(&self, _rpc: &RpcInfo, (): ()) {}
}

#[test]
fn a_tracer_that_blocks_shows_in_the_duration_of_its_callbacks() {
    stderr_of(&run_child("blocks").output().unwrap());
}

pub(crate) fn blocks() {
    let telemetry = builder().with_tracer(Slow).init().unwrap();
    for _ in 0..3 {
        call();
    }
    let labels = "tracer=\"rpc_tracers::broken::Slow\"";
    let below = |le| {
        metric(&format!(
            "tracer_callback_duration_seconds_bucket{{{labels},le=\"{le}\"}}"
        ))
    };
    assert_eq!(below("+Inf"), 6, "three starts and three finishes");
    assert!(below("0.01") <= 3, "no start was as short as that");
    let text = tracer_runtime::metrics::encode();
    let sum = format!("tracer_callback_duration_seconds_sum{{{labels}}} ");
    let sum = text
        .lines()
        .find_map(|line| line.strip_prefix(&sum))
        .unwrap();
    assert!(
        sum.parse::<f64>().unwrap() >= 3.0 * BLOCKED.as_secs_f64(),
        "{sum} s"
    );
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}
