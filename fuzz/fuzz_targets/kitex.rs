#![no_main]

use libfuzzer_sys::fuzz_target;
use tracer_fuzz::{Headers, round_trip};
use tracer_runtime::propagation::Propagator;

fuzz_target!(|data: &[u8]| {
    let headers = Headers::lines(data);
    // In HTTP the keys of TTHeader lose their case.
    round_trip(Propagator::Kitex, &headers.without("RPC_"));
    round_trip(Propagator::KitexTtheader, &headers);
    round_trip(Propagator::KitexOtel, &headers);
});
