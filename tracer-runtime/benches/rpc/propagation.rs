//! Context read from the headers of a request, and written to the headers of another.
//!
//! `w3c_ns` is the propagator alone: one header in each direction, in a carrier that costs nothing. In the rows with a
//! `HeaderMap` it is that of a request with other headers; what the map costs by itself is in every such row, and alone in
//! the row of the look-ups. The header that is written replaces the one of the call before, which is dropped; the SDK
//! writes what it has read before, which saves it the context of a span.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracer_runtime::propagation::{self, Extract, Inject, Propagator, Propagators};
use tracer_runtime::{Keep, Sampler, traced};

use crate::measure::Rows;
use crate::{allocations, ratio};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const STATE: &str = "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7";
const CALLS: u64 = 100;

/// What a request has beside its context.
const OTHERS: [(&str, &str); 6] = [
    ("host", "shop.example"),
    ("user-agent", "curl/8.9.1"),
    ("accept", "*/*"),
    ("content-type", "application/grpc"),
    ("te", "trailers"),
    ("x-request-id", "8c5f0d2e-6b55-4c7e-9e4a-0a7b3d1f0c11"),
];

pub(crate) fn run() {
    let telemetry = tracer_runtime::builder()
        .with_sampler(Sampler::always_off())
        .with_keep(Keep::nothing())
        .with_discarding_exporter()
        .init()
        .unwrap();
    let mut rows = Rows::default();
    let mut counted = Vec::new();
    let mut add = |key: &'static str, title: &'static str, mut run: Box<dyn FnMut()>| {
        counted.push((title, allocations::a_call(CALLS, &mut run)));
        rows.add(key, title, CALLS, run);
    };
    add(
        "alone",
        "W3C trace context, a carrier that costs nothing",
        alone(),
    );
    add(
        "sdk alone",
        "opentelemetry_sdk, the same carrier",
        sdk_alone(),
    );
    add(
        "bare",
        "HeaderMap: two look-ups, one ready value set",
        bare(),
    );
    add(
        "w3c",
        "W3C trace context",
        ours(&[Propagator::TraceContext], false),
    );
    add(
        "default",
        "W3C trace context and baggage: the default",
        standard(),
    );
    add(
        "state",
        "W3C trace context with a tracestate",
        ours(&[Propagator::TraceContext], true),
    );
    add("b3", "B3, one header", ours(&[Propagator::B3], false));
    add("sdk", "opentelemetry_sdk, W3C trace context", sdk(false));
    add(
        "sdk state",
        "opentelemetry_sdk, with a tracestate",
        sdk(true),
    );
    add(
        "map",
        "W3C trace context, HashMap<String, String>",
        in_map(),
    );
    add(
        "sdk map",
        "opentelemetry_sdk, HashMap<String, String>",
        sdk_in_map(),
    );
    println!(
        "extract + inject; HeaderMap with {} other headers unless said",
        OTHERS.len()
    );
    rows.measure(Duration::from_secs(1));
    println!("\nallocations a call, extract + inject");
    for (title, allocations) in &counted {
        println!("{title:<52}{allocations:>8.2}");
    }
    println!();
    ratio("w3c_ns", rows.median("alone"));
    ratio("w3c_allocations", counted[0].1);
    ratio("w3c/opentelemetry_sdk", rows.ratio("alone", "sdk alone"));
    ratio("w3c_http_ns", rows.median("w3c"));
    ratio("w3c_http/opentelemetry_sdk", rows.ratio("w3c", "sdk"));
    ratio(
        "w3c_tracestate/opentelemetry_sdk",
        rows.ratio("state", "sdk state"),
    );
    ratio("w3c_map/opentelemetry_sdk", rows.ratio("map", "sdk map"));
    drop(telemetry);
}

fn incoming(state: bool) -> HeaderMap {
    let mut headers = outgoing();
    headers.insert("traceparent", HeaderValue::from_static(PARENT));
    headers.insert(
        "b3",
        HeaderValue::from_static("0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1"),
    );
    if state {
        headers.insert("tracestate", HeaderValue::from_static(STATE));
    }
    headers
}

fn outgoing() -> HeaderMap {
    let others = OTHERS.iter().map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    });
    others.collect()
}

/// Calls from within a span, which is what is written.
#[traced]
#[inline(never)]
fn calls(call: &mut dyn FnMut()) {
    for _ in 0..CALLS {
        call();
    }
}

/// One header in each direction, found and stored at once: what is left is the propagator.
struct Frame {
    traceparent: String,
}

impl Extract for Frame {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        see("traceparent", self.traceparent.as_bytes());
    }

    fn for_each_value<'a>(&'a self, name: &str, see: &mut dyn FnMut(&'a [u8])) {
        if name == "traceparent" {
            see(self.traceparent.as_bytes());
        }
    }
}

impl Inject for Frame {
    fn set(&mut self, _name: &str, value: &str) {
        value.clone_into(&mut self.traceparent);
    }
}

impl Extractor for Frame {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.traceparent.as_str())
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

impl Injector for Frame {
    fn set(&mut self, key: &str, value: String) {
        if key == "traceparent" {
            self.traceparent = value;
        }
    }
}

fn frames() -> (Frame, Frame) {
    let frame = || Frame {
        traceparent: PARENT.to_owned(),
    };
    (frame(), frame())
}

fn alone() -> Box<dyn FnMut()> {
    let (from, to) = frames();
    carried(Propagators::new([Propagator::TraceContext]), from, to)
}

fn sdk_alone() -> Box<dyn FnMut()> {
    let (from, mut to) = frames();
    let propagator = TraceContextPropagator::new();
    let context = propagator.extract_with_context(&Context::new(), &from);
    Box::new(move || {
        calls(&mut || {
            black_box(propagator.extract_with_context(&Context::new(), black_box(&from)));
            propagator.inject_context(&context, &mut to);
        });
    })
}

fn bare() -> Box<dyn FnMut()> {
    static NAMES: [HeaderName; 2] = [
        HeaderName::from_static("traceparent"),
        HeaderName::from_static("tracestate"),
    ];
    let (from, mut to) = (incoming(false), outgoing());
    Box::new(move || {
        calls(&mut || {
            let parent = black_box(&from).get(&NAMES[0]).unwrap();
            black_box(black_box(&from).get(&NAMES[1]));
            to.insert(NAMES[0].clone(), parent.clone());
        });
    })
}

fn ours(formats: &[Propagator], state: bool) -> Box<dyn FnMut()> {
    let formats = Propagators::new(formats.iter().cloned());
    carried(formats, incoming(state), outgoing())
}

fn carried<C: Extract + Inject + 'static>(
    formats: Propagators,
    from: C,
    mut to: C,
) -> Box<dyn FnMut()> {
    Box::new(move || {
        calls(&mut || {
            black_box(formats.extract(black_box(&from)).unwrap());
            formats.inject(&mut to);
        });
    })
}

fn standard() -> Box<dyn FnMut()> {
    let (from, mut to) = (incoming(false), outgoing());
    Box::new(move || {
        calls(&mut || {
            black_box(propagation::extract(black_box(&from)).unwrap());
            propagation::inject(&mut to);
        });
    })
}

fn strings(headers: &HeaderMap) -> HashMap<String, String> {
    let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect()
}

fn in_map() -> Box<dyn FnMut()> {
    let formats = Propagators::new([Propagator::TraceContext]);
    carried(formats, strings(&incoming(false)), strings(&outgoing()))
}

/// As `opentelemetry-http` does it.
struct Headers<T>(T);

impl Extractor for Headers<&HeaderMap> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

impl Injector for Headers<&mut HeaderMap> {
    fn set(&mut self, key: &str, value: String) {
        let name = HeaderName::from_bytes(key.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            self.0.insert(name, value);
        }
    }
}

/// Writes what it has read: the cheapest that it can do.
fn sdk(state: bool) -> Box<dyn FnMut()> {
    let (from, mut to) = (incoming(state), outgoing());
    let propagator = TraceContextPropagator::new();
    let context = propagator.extract_with_context(&Context::new(), &Headers(&from));
    assert!(context.span().span_context().is_valid());
    Box::new(move || {
        calls(&mut || {
            black_box(propagator.extract_with_context(&Context::new(), &Headers(black_box(&from))));
            propagator.inject_context(&context, &mut Headers(&mut to));
        });
    })
}

fn sdk_in_map() -> Box<dyn FnMut()> {
    let (from, mut to) = (strings(&incoming(false)), strings(&outgoing()));
    let propagator = TraceContextPropagator::new();
    let context = propagator.extract_with_context(&Context::new(), &from);
    Box::new(move || {
        calls(&mut || {
            black_box(propagator.extract_with_context(&Context::new(), black_box(&from)));
            propagator.inject_context(&context, &mut to);
        });
    })
}
