//! Who streams, and what happens on a stream, message by message.

use std::time::Duration;

/// Which sides of a call send more than one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StreamingMode {
    /// Neither.
    #[default]
    Unary,
    /// The client.
    Client,
    /// The server.
    Server,
    /// Both.
    Bidirectional,
}

/// One step of a streaming call, as [`Tracer::stream_event`](super::Tracer::stream_event) hears of it.
///
/// The first 1,000 messages of a call each way are told one by one; [`RpcStats`](super::RpcStats) counts all of them.
#[derive(Debug, Clone)]
pub struct StreamEvent {
    pub(super) kind: StreamEventKind,
    pub(super) bytes: u64,
    pub(super) offset: Duration,
    pub(super) error: Option<String>,
}

/// What a [`StreamEvent`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamEventKind {
    /// The stream is open.
    Start,
    /// A client has the head of the answer.
    HeaderReceived,
    /// A message has arrived.
    Received,
    /// A message has left.
    Sent,
    /// The stream is closed, whichever way: the last that is told, once.
    Finish,
}

impl StreamEvent {
    /// What happened.
    #[must_use]
    pub const fn kind(&self) -> StreamEventKind {
        self.kind
    }

    /// Bytes of the message; 0 where it is about none.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How long after the start of the call.
    #[must_use]
    pub const fn offset(&self) -> Duration {
        self.offset
    }

    /// Why it failed, where it did.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }
}
