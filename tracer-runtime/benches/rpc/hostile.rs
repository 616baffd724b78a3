//! Headers that nobody in their right mind sends: what reading them costs for their size.

use std::hint::black_box;
use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue};
use tracer_runtime::propagation::{Propagator, Propagators};

use crate::ratio;

const NAMES: [&str; 12] = [
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-sampled",
    "x-b3-flags",
    "uber-trace-id",
    "uberctx-key",
    "rpc-persist-key",
    "x-md-global-key",
];

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A header of a mebibyte, and ten thousand headers, for each name and several texts; by all formats at once.
pub(crate) fn run() {
    let mut worst = (0.0, String::new());
    for name in NAMES {
        for text in ["x", "a=1,", ",", " ", "%41", "a", "\u{e9}"] {
            let long = text.repeat((1 << 20) / text.len());
            let what = format!("{name}: 1 MiB of {text:?}");
            worst = worse(worst, [(name.to_owned(), long)], what);
        }
        let value = || "a=1,b=2".to_owned();
        let many = (0..10_000).map(|_| (name.to_owned(), value()));
        worst = worse(worst, many, format!("{name}, 10,000 times"));
        let different = (0..10_000).map(|i| (format!("{name}-{i}"), value()));
        worst = worse(worst, different, format!("{name}-0 to -9999"));
    }
    println!("the slowest for its size: {}", worst.1);
    ratio("hostile_headers_us_per_kib", worst.0 / 1000.0);
}

/// Nanoseconds a KiB, at best of some, and what of.
fn worse(
    worst: (f64, String),
    pairs: impl IntoIterator<Item = (String, String)>,
    what: String,
) -> (f64, String) {
    use Propagator::{B3, Baggage, Jaeger, Kitex, Kratos, TraceContext};
    let formats = Propagators::new([B3, Jaeger, Baggage, Kitex, Kratos, TraceContext]);
    let mut headers = HeaderMap::new();
    let mut bytes = 0;
    // Without a parent nobody looks at the state.
    let parent = ("traceparent".to_owned(), PARENT.to_owned());
    let parent = what.starts_with("tracestate").then_some(parent);
    for (name, value) in pairs.into_iter().chain(parent) {
        bytes += name.len() + value.len();
        let name = HeaderName::try_from(name).unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let times = (0..10).map(|_| {
        let start = Instant::now();
        drop(black_box(formats.extract(black_box(&headers))));
        start.elapsed().as_nanos() as f64
    });
    let ns = times.fold(f64::MAX, f64::min) / (bytes as f64 / 1024.0);
    if ns > worst.0 { (ns, what) } else { worst }
}
