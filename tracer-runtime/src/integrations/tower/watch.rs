//! A body that is read: counted, and its end noted.

use bytes::Buf;
use http::HeaderMap;

use super::grpc::{self, Framing};
use crate::record::Failure;
use crate::rpc::{
    READ_FINISH, READ_START, RpcEvent, RpcInfo, RpcStatus, StreamEventKind, WRITE_FINISH,
    WRITE_START,
};

/// Messages of a call, each way, that tracers are told of one by one.
const MAX_TOLD: u64 = 1_000;

/// Which way a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Sent,
    Received,
}

/// Looks at what goes through a body.
#[derive(Debug)]
pub(crate) struct Watch {
    info: RpcInfo,
    way: Way,
    framing: Option<Framing>,
    told: u64,
    begun: bool,
    ended: bool,
    /// From gRPC's trailers.
    pub(super) status: Option<(RpcStatus, Option<String>)>,
}

impl Watch {
    pub(crate) fn new(info: RpcInfo, way: Way, is_grpc: bool) -> Self {
        Self {
            info,
            way,
            framing: is_grpc.then(Framing::default),
            told: 0,
            begun: false,
            ended: false,
            status: None,
        }
    }

    /// Somebody asks for the first part.
    #[inline]
    pub(super) fn begin(&mut self) {
        if !self.begun {
            self.begun = true;
            self.info.record(match self.way {
                Way::Sent => WRITE_START,
                Way::Received => READ_START,
            });
        }
    }

    /// A part has gone through.
    pub(super) fn data(&mut self, data: &impl Buf) {
        let bytes = data.remaining() as u64;
        let Some(mut framing) = self.framing.take() else {
            return self.count(0, bytes);
        };
        match data.chunk().len() as u64 == bytes {
            true => framing.read(data.chunk(), |length| self.message(length)),
            // A body in pieces is one message a piece, as far as can be seen.
            false => self.message(bytes),
        }
        self.framing = Some(framing);
    }

    fn message(&mut self, bytes: u64) {
        self.count(1, bytes);
        if self.told < MAX_TOLD {
            self.told += 1;
            self.info.stream_event(self.message_event(), bytes, None);
        }
    }

    fn count(&self, messages: u64, bytes: u64) {
        match self.way {
            Way::Sent => self.info.stats().add_sent(messages, bytes),
            Way::Received => self.info.stats().add_received(messages, bytes),
        }
    }

    /// The trailers have gone through.
    pub(super) fn trailers(&mut self, trailers: &HeaderMap) {
        if self.framing.is_some() {
            self.status = grpc::status(trailers);
        }
    }

    /// The last part has gone through.
    pub(super) fn end(&mut self) {
        if !self.ended {
            self.ended = true;
            self.begin();
            self.info.record(self.last_event());
        }
    }

    /// The body broke.
    pub(super) fn fail(&mut self, error: &dyn std::fmt::Display) {
        if !self.ended {
            self.ended = true;
            let text = error.to_string();
            if self.is_grpc() {
                self.info.stream_event(self.message_event(), 0, Some(&text));
            }
            self.info
                .record_with(self.last_event(), crate::rpc::EventStatus::Error, &text);
        }
    }

    const fn message_event(&self) -> StreamEventKind {
        match self.way {
            Way::Sent => StreamEventKind::Sent,
            Way::Received => StreamEventKind::Received,
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

    pub(super) fn is_grpc(&self) -> bool {
        self.framing.is_some()
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
