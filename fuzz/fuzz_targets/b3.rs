#![no_main]

use libfuzzer_sys::fuzz_target;
use tracer_fuzz::{headers, round_trip};
use tracer_runtime::propagation::Propagator;

fuzz_target!(|data: &[u8]| {
    let headers = headers(data);
    round_trip(Propagator::B3, &headers);
    round_trip(Propagator::B3Multi, &headers);
});
