//! A body that is read: counted, and its end noted.

use bytes::Buf;

use super::grpc::Framing;
use crate::record::Failure;
use crate::rpc::{
    EventStatus, READ_FINISH, READ_START, RpcEvent, RpcInfo, StreamEventKind, WRITE_FINISH,
    WRITE_START,
};

/// Messages of a call, each way, that tracers are told of one by one.
const MAX_TOLD: u16 = 1_000;

/// Which way a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Sent,
    Received,
}

impl Way {
    /// One of its messages.
    const fn message(self) -> StreamEventKind {
        match self {
            Self::Sent => StreamEventKind::Sent,
            Self::Received => StreamEventKind::Received,
        }
    }
}

/// Looks at what goes through a body.
#[derive(Debug)]
pub(crate) struct Watch {
    way: Way,
    framing: Option<Framing>,
    told: u16,
    begun: bool,
    ended: bool,
}

impl Watch {
    pub(crate) fn new(way: Way, is_grpc: bool) -> Self {
        Self {
            way,
            framing: is_grpc.then(Framing::default),
            told: 0,
            begun: false,
            ended: false,
        }
    }

    /// Somebody asks for the first part.
    #[inline]
    pub(super) fn begin(&mut self, info: &RpcInfo) {
        if !self.begun {
            self.begun = true;
            info.record(match self.way {
                Way::Sent => WRITE_START,
                Way::Received => READ_START,
            });
        }
    }

    /// A part has gone through.
    pub(super) fn data(&mut self, info: &RpcInfo, data: &impl Buf) {
        let bytes = data.remaining() as u64;
        if bytes == 0 {
            return;
        }
        let Self {
            way, framing, told, ..
        } = self;
        let mut message = |bytes| {
            count(info, *way, 1, bytes);
            if *told < MAX_TOLD {
                *told += 1;
                info.stream_event(way.message(), bytes, None);
            }
        };
        match framing {
            None => count(info, *way, 0, bytes),
            Some(framing) if data.chunk().len() as u64 == bytes => {
                match framing.whole(data.chunk()) {
                    Some(length) => message(length),
                    None => framing.read(data.chunk(), &mut message),
                }
            }
            // A body in pieces is one message a piece, as far as can be seen.
            Some(_) => message(bytes),
        }
    }

    /// The last part has gone through.
    #[inline]
    pub(super) fn end(&mut self, info: &RpcInfo) {
        if !self.ended {
            self.ended = true;
            self.begin(info);
            info.record(self.last_event());
        }
    }

    /// The body broke.
    #[cold]
    #[inline(never)]
    pub(super) fn fail(&mut self, info: &RpcInfo, error: &dyn std::fmt::Display) {
        if !self.ended {
            self.ended = true;
            let text = error.to_string();
            if self.is_grpc() {
                info.stream_event(self.way.message(), 0, Some(&text));
            }
            info.record_with(self.last_event(), EventStatus::Error, &text);
        }
    }

    const fn last_event(&self) -> RpcEvent {
        match self.way {
            Way::Sent => WRITE_FINISH,
            Way::Received => READ_FINISH,
        }
    }

    pub(super) const fn way(&self) -> Way {
        self.way
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.begun
    }

    pub(super) fn is_grpc(&self) -> bool {
        self.framing.is_some()
    }
}

fn count(info: &RpcInfo, way: Way, messages: u64, bytes: u64) {
    match way {
        Way::Sent => info.stats().add_sent(messages, bytes),
        Way::Received => info.stats().add_received(messages, bytes),
    }
}

/// What a body or a service failed with.
pub(crate) fn failure<E: std::fmt::Display>(error: &E) -> Failure {
    Failure {
        error_type: std::any::type_name::<E>().into(),
        message: Some(crate::span::inside::cut(error.to_string())),
        chain: Vec::new(),
    }
}
