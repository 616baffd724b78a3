#![no_main]

use libfuzzer_sys::fuzz_target;
use tracer_fuzz::{round_trip, values};
use tracer_runtime::propagation::Propagator;

fuzz_target!(|data: &[u8]| {
    round_trip(Propagator::Baggage, &values("baggage", data));
});
