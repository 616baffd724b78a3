#![no_main]

use libfuzzer_sys::fuzz_target;
use tracer_fuzz::{Headers, round_trip};
use tracer_runtime::propagation::Propagator;

fuzz_target!(|data: &[u8]| {
    let headers = Headers::lines(data);
    round_trip(Propagator::B3, &headers);
    round_trip(Propagator::B3Multi, &headers);
});
