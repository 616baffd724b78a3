//! Finished traces as trees for people, on standard error unless said.
//!
//! The parts of a trace arrive one by one: those of its tasks, those that other services (or this one, over a socket)
//! worked on, the one with its root. They are held until the root has come and nothing else follows, so that a trace
//! is one tree. What comes later still is shown as its continuation.

mod settings;

use std::collections::HashMap;
use std::time::{Duration, Instant};

pub use settings::Console;
use settings::Recent;

use super::{ExportError, Exporter};
use crate::calltree::build::Node;
use crate::calltree::render::{Part, render};
use crate::clock::{self, Scale};
use crate::id::TraceId;
use crate::record::SpanView;

/// How long a trace with its root waits for more.
const AFTER_ROOT: Duration = Duration::from_millis(100);
/// How long a trace without its root waits for it: it may be elsewhere.
const WITHOUT_ROOT: Duration = Duration::from_secs(1);
/// How long a trace waits that does not come to rest.
const AT_ALL: Duration = Duration::from_secs(5);
/// Spans that are held. More come only if nobody could read them anyway.
const MAX_SPANS: usize = 8_192;
/// Of what the held spans have recorded.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// See the module.
pub(crate) struct ConsoleExporter {
    console: Console,
    scale: &'static Scale,
    held: HashMap<TraceId, Held>,
    spans: usize,
    bytes: usize,
    /// Traces of which something was shown.
    shown: Recent<TraceId>,
    /// Traces, or parts of one, that came when too much was held.
    not_shown: u64,
}

struct Held {
    nodes: Vec<Node>,
    bytes: usize,
    has_root: bool,
    oldest: Instant,
    newest: Instant,
}

impl Held {
    fn is_ready(&self, now: Instant) -> bool {
        let patience = if self.has_root {
            AFTER_ROOT
        } else {
            WITHOUT_ROOT
        };
        now.saturating_duration_since(self.newest) >= patience
            || now.saturating_duration_since(self.oldest) >= AT_ALL
    }
}

impl ConsoleExporter {
    pub(crate) fn new(console: Console) -> Self {
        Self::with_scale(console, clock::scale())
    }

    fn with_scale(console: Console, scale: &'static Scale) -> Self {
        Self {
            console,
            scale,
            held: HashMap::new(),
            spans: 0,
            bytes: 0,
            shown: Recent::default(),
            not_shown: 0,
        }
    }

    fn hold(&mut self, nodes: Vec<Node>) {
        let Some(trace) = nodes.first().map(|node| node.trace) else {
            return;
        };
        if self.console.at_most == 0 {
            return;
        }
        if self.spans >= MAX_SPANS || self.bytes >= MAX_BYTES {
            self.not_shown += 1;
            return;
        }
        let bytes = nodes.iter().map(bytes).sum::<usize>();
        self.spans += nodes.len();
        self.bytes += bytes;
        let now = Instant::now();
        let held = self.held.entry(trace).or_insert_with(|| Held {
            nodes: Vec::new(),
            bytes: 0,
            has_root: self.shown.has(&trace),
            oldest: now,
            newest: now,
        });
        held.newest = now;
        held.bytes += bytes;
        held.has_root |= nodes.iter().any(|node| !node.record.parent.is_valid());
        held.nodes.extend(nodes);
    }

    /// Prints what is ready, the trace that began first first.
    fn print(&mut self, ready: impl Fn(&Held) -> bool) {
        let ready = self.held.extract_if(|_, held| ready(held));
        let mut traces: Vec<(TraceId, Held)> = ready.collect();
        traces.sort_by_key(|(_, held)| held.nodes.iter().map(|node| node.record.start).min());
        let mut text = String::new();
        for (trace, held) in traces {
            self.spans -= held.nodes.len();
            self.bytes -= held.bytes;
            self.show(&mut text, trace, held.nodes);
        }
        if self.console.at_most == 0 {
            self.forget();
        }
        if self.not_shown > 0 && self.held.is_empty() {
            text.push_str(&format!(
                "{} more traces or parts of one were not shown\n\n",
                self.not_shown
            ));
            self.not_shown = 0;
        }
        if !text.is_empty() {
            // In one piece, so that nothing of others comes in between. There is nobody to tell if it fails.
            let _ = self.console.out.write_all(text.as_bytes());
            let _ = self.console.out.flush();
        }
    }

    /// Nobody waits for what is held.
    fn forget(&mut self) {
        self.held = HashMap::new();
        (self.spans, self.bytes, self.not_shown) = (0, 0, 0);
    }

    fn show(&mut self, text: &mut String, trace: TraceId, nodes: Vec<Node>) {
        let part = if self.shown.has(&trace) {
            Part::Continuation
        } else {
            Part::Whole
        };
        if part == Part::Whole {
            if self.console.at_most == 0 || !self.is_wanted(&nodes) {
                return;
            }
            self.console.at_most -= 1;
            self.shown.add(trace);
        }
        text.push_str(&render(nodes, part, self.scale, self.console.paint));
        text.push('\n');
    }

    fn is_wanted(&self, nodes: &[Node]) -> bool {
        self.console.only.is_none_or(|rules| {
            nodes.iter().any(|node| {
                let ns = self.scale.duration_ns(node.record.duration);
                rules.wants(node.record.outcome, Duration::from_nanos(ns))
            })
        })
    }
}

/// Of the heap, about.
fn bytes(node: &Node) -> usize {
    let Some(details) = &node.details else {
        return 0;
    };
    let of_events = details.events.iter().flat_map(|event| &event.attributes);
    let attributes = details.attributes.iter().chain(&details.own_attributes);
    let attributes = attributes.chain(of_events);
    let failure = details.failure.as_deref().map_or(0, |failure| {
        let chain = failure.chain.iter().map(String::len).sum::<usize>();
        chain + failure.message.as_ref().map_or(0, String::len)
    });
    let values = attributes.map(|a| size_of_val(a) + a.value.heap_bytes());
    values.sum::<usize>() + failure + size_of_val(&**details)
}

impl Exporter for ConsoleExporter {
    fn export(&mut self, spans: &mut dyn Iterator<Item = SpanView<'_>>) -> bool {
        self.hold(spans.map(Node::from).collect());
        true
    }

    fn tick(&mut self, now: Instant) {
        self.print(|held| held.is_ready(now));
    }

    fn flush(&mut self, _deadline: Instant) -> Result<(), ExportError> {
        self.print(|_| true);
        Ok(())
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.flush(deadline)
    }
}

#[cfg(test)]
mod tests;
