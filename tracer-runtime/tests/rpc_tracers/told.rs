//! Tracers that keep what they are told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tracer_runtime::SpanKind;
use tracer_runtime::rpc::{RpcInfo, StreamEvent, StreamEventKind, Tracer};

/// Counts what it is told of streams, by side.
#[derive(Clone, Default)]
pub(crate) struct Streams(pub(crate) Arc<Mutex<BTreeMap<String, usize>>>);

impl Streams {
    fn add(&self, rpc: &RpcInfo, what: &str, count: usize) {
        let side = match rpc.kind() {
            SpanKind::Client => "client",
            _ => "server",
        };
        *self
            .0
            .lock()
            .unwrap()
            .entry(format!("{side} {what}"))
            .or_default() += count;
    }
}

impl Tracer for Streams {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {}

    fn finish(&self, rpc: &RpcInfo, (): ()) {
        let stats = rpc.stats();
        for (what, count) in [
            ("messages sent", stats.messages_sent()),
            ("messages received", stats.messages_received()),
            ("bytes sent", stats.send_size()),
            ("bytes received", stats.recv_size()),
            ("last sent", stats.last_send_size()),
            ("last received", stats.last_recv_size()),
        ] {
            self.add(rpc, what, count as usize);
        }
    }

    fn stream_event(&self, rpc: &RpcInfo, event: &StreamEvent) {
        let what = match event.kind() {
            StreamEventKind::Start => "start",
            StreamEventKind::HeaderReceived => "header",
            StreamEventKind::Received => "received",
            StreamEventKind::Sent => "sent",
            StreamEventKind::Finish => "finish",
            other => panic!("{other:?}"),
        };
        self.add(rpc, what, 1);
    }
}

/// Writes down what it is told of streams.
#[derive(Clone, Default)]
pub(crate) struct Diary(Arc<Mutex<Vec<String>>>);

impl Tracer for Diary {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {}

    fn finish(&self, rpc: &RpcInfo, (): ()) {
        let outcome = rpc.stats().outcome().unwrap();
        self.0
            .lock()
            .unwrap()
            .push(format!("{:?} is {}", rpc.kind(), outcome.as_str()));
    }

    fn stream_event(&self, rpc: &RpcInfo, event: &StreamEvent) {
        let (side, kind, error) = (rpc.kind(), event.kind(), event.error());
        let line = match error {
            None => format!("{side:?} {kind:?}"),
            Some(error) => format!("{side:?} {kind:?}: {error}"),
        };
        self.0.lock().unwrap().push(line);
    }
}

impl Diary {
    /// What one side was told, since it was asked last.
    pub(crate) fn told(&self, side: SpanKind) -> Vec<String> {
        let mut lines = self.0.lock().unwrap();
        let side = format!("{side:?} ");
        let told = lines.extract_if(.., |line| line.starts_with(&side));
        told.map(|line| line[side.len()..].to_owned()).collect()
    }
}
