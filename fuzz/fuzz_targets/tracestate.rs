#![no_main]

use libfuzzer_sys::fuzz_target;
use tracer_fuzz::{Headers, round_trip};
use tracer_runtime::propagation::Propagator;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fuzz_target!(|data: &[u8]| {
    let headers = Headers::values("tracestate", data).and("traceparent", PARENT);
    round_trip(Propagator::TraceContext, &headers);
});
