#![no_main]

use libfuzzer_sys::fuzz_target;
use tracer_fuzz::{Headers, round_trip};
use tracer_runtime::propagation::Propagator;

fuzz_target!(|data: &[u8]| {
    round_trip(Propagator::Jaeger, &Headers::lines(data));
});
