//! Where a handler panicked, for whoever has asked for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracer_runtime::rpc::{RpcCall, RpcInfo, RpcPlan, Tracer};
use tracer_runtime::testing::capture;
use tracer_runtime::{Builder, builder};

use crate::support::{run_child, stderr_of};

/// Keeps the stacks that it is told.
#[derive(Clone, Default)]
struct Stacks(Arc<Mutex<Vec<Option<String>>>>);

impl Tracer for Stacks {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {}

    fn finish(&self, rpc: &RpcInfo, (): ()) {
        self.0.lock().unwrap().push(rpc.panic_stack());
    }
}

#[inline(never)]
fn handler_that_panics(depth: u32) -> u32 {
    match std::hint::black_box(depth) {
        0 => panic!("on purpose"),
        _ => 1 + handler_that_panics(depth - 1),
    }
}

/// What a tracer is told of three calls, and what the span of the first says.
fn serve(builder: Builder) -> (Vec<Option<String>>, Option<String>) {
    // The hook is called by ours.
    std::panic::set_hook(Box::new(|_| {}));
    let stacks = Stacks::default();
    let telemetry = builder.with_tracer(stacks.clone()).init().unwrap();
    let capture = capture();
    let mut call = RpcCall::start(RpcPlan::server("thrift").with_method("reserve"));
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        call.within(|| handler_that_panics(500))
    }));
    assert!(unwound.is_err());
    drop(call);
    let mut caught = RpcCall::start(RpcPlan::server("thrift").with_method("recover"));
    caught.within(|| catch_unwind(|| handler_that_panics(1)).unwrap_err());
    caught.finish();
    crate::call();
    let spans = capture.spans();
    let stack = spans[0].attribute("exception.stacktrace");
    let stack = stack.map(ToString::to_string);
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
    (stacks.0.lock().unwrap().clone(), stack)
}

#[test]
fn the_stack_of_a_handler_that_panics_is_told_where_it_is_asked_for() {
    for which in ["stacks of panics", "no stacks of panics"] {
        stderr_of(&run_child(which).output().unwrap());
    }
}

pub(crate) fn with_stacks() {
    let (told, on_span) = serve(builder().with_panic_stacks());
    let stack = told[0].as_deref().unwrap();
    assert!(stack.contains("panicked.rs:"), "{stack}");
    assert!(stack.contains("handler_that_panics"), "{stack}");
    assert!((4_000..=8 * 1024).contains(&stack.len()), "{}", stack.len());
    assert!(on_span.unwrap().contains("handler_that_panics"));
    assert_eq!(told[1..], [None, None], "one recovered, one never panicked");
}

pub(crate) fn without_stacks() {
    let (told, on_span) = serve(builder());
    assert_eq!((told, on_span), (vec![None; 3], None));
}
