//! Layers around real servers and clients, over real sockets: what a call is, from its request to the end of its response.
#![deny(warnings)]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod compressed;
mod grpc;
mod http_client;
mod http_server;
mod metrics;
mod repeated;
mod reqwest_client;
mod service;
mod streams;

use std::future::Future;

use tracer_runtime::Value;
use tracer_runtime::testing::CapturedSpan;

/// On this thread alone, where the capture is.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

fn text(span: &CapturedSpan, key: &str) -> String {
    match span.attribute(key) {
        Some(Value::Str(text)) => text.to_string(),
        Some(other) => other.to_string(),
        None => "none".to_owned(),
    }
}

fn events(span: &CapturedSpan) -> Vec<&str> {
    span.events.iter().map(|event| &*event.name).collect()
}

#[track_caller]
fn named<'a>(spans: &'a [CapturedSpan], name: &str) -> &'a CapturedSpan {
    let found: Vec<_> = spans.iter().filter(|span| span.name() == name).collect();
    let names: Vec<_> = spans.iter().map(CapturedSpan::name).collect();
    assert_eq!(found.len(), 1, "{name} among {names:?}");
    found[0]
}
