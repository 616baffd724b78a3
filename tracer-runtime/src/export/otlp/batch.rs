//! Spans on their way into one request: at most so many, and at most so many bytes.

use prost::bytes::Bytes;

use super::encode_common::Envelope;
use super::encode_spans::SpanEncoder;
use crate::record::SpanView;

/// How large a request may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchLimits {
    pub(super) spans: usize,
    /// Of the encoded request.
    pub(super) bytes: usize,
}

impl BatchLimits {
    /// Receivers refuse larger messages: 4 MiB is the limit of most gRPC servers.
    pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;
    pub(super) const MAX_SPANS: usize = 512;
}

/// A finished request.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) body: Bytes,
    pub(super) spans: u64,
}

/// What became of a span that was handed over.
#[derive(Debug)]
pub(super) enum Pushed {
    /// It waits for others.
    Waiting,
    /// It waits, and a batch before it is full.
    Sealed(Batch),
    /// It is larger than a request may be, all alone.
    TooLarge,
}

/// Encodes spans at once, so that their records go back to where they came from.
#[derive(Debug)]
pub(super) struct Batcher {
    limits: BatchLimits,
    envelope: Envelope,
    encoder: SpanEncoder,
    items: Vec<u8>,
    spans: usize,
}

impl Batcher {
    pub(super) fn new(limits: BatchLimits, envelope: Envelope, encoder: SpanEncoder) -> Self {
        Self {
            limits,
            envelope,
            encoder,
            items: Vec::new(),
            spans: 0,
        }
    }

    pub(super) fn push(&mut self, span: &SpanView<'_>) -> Pushed {
        let before = self.items.len();
        self.encoder.encode(span, &mut self.items);
        if self.envelope.wrapped_len(self.items.len()) <= self.limits.bytes {
            self.spans += 1;
            if self.spans < self.limits.spans {
                return Pushed::Waiting;
            }
            return self.seal().map_or(Pushed::Waiting, Pushed::Sealed);
        }
        let last = self.items.split_off(before);
        if self.envelope.wrapped_len(last.len()) > self.limits.bytes {
            return Pushed::TooLarge;
        }
        let full = self.seal();
        self.items = last;
        self.spans = 1;
        full.map_or(Pushed::Waiting, Pushed::Sealed)
    }

    /// Takes what waits; nothing where nothing does.
    pub(super) fn seal(&mut self) -> Option<Batch> {
        if self.spans == 0 {
            return None;
        }
        let body = self.envelope.wrap(&self.items);
        let spans = self.spans as u64;
        self.items.clear();
        self.spans = 0;
        Some(Batch { body, spans })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.spans == 0
    }

    /// Encoded bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.items.len()
    }
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
