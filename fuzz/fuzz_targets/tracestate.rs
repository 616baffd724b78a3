#![no_main]

use libfuzzer_sys::fuzz_target;
use tracer_fuzz::{Headers, round_trip, values};
use tracer_runtime::propagation::{Inject, Propagator};

fuzz_target!(|data: &[u8]| {
    let mut headers: Headers = values("tracestate", data);
    headers.set(
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    );
    round_trip(Propagator::TraceContext, &headers);
});
