//! The lifecycle of a call, as named moments.

use std::time::{Duration, SystemTime};

/// How much of a call's lifecycle is noted.
///
/// [`Detailed`](Self::Detailed) is the default where a [`Tracer`](super::Tracer) is installed, [`Base`](Self::Base)
/// elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum StatsLevel {
    /// Nothing; tracers are not called.
    Disabled,
    /// Start and finish.
    Base,
    /// Every event that the transport lets us see.
    #[default]
    Detailed,
}

/// Whether what happened was as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EventStatus {
    /// It was.
    #[default]
    Info,
    /// It was odd; the text says how.
    Warn,
    /// It failed; the text says why.
    Error,
}

impl EventStatus {
    /// As it is written on spans.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// A moment that calls of one kind have: one of the constants of this module, or one of your own.
///
/// Two events are the same when their names are.
///
/// ```
/// use tracer_runtime::rpc::{RpcEvent, StatsLevel};
///
/// static AUTH_DONE: RpcEvent = RpcEvent::new("auth_done", StatsLevel::Base);
/// assert_eq!(AUTH_DONE.name(), "auth_done");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RpcEvent {
    name: &'static str,
    level: StatsLevel,
    /// Among [`PREDEFINED`], or beyond them.
    slot: u8,
}

impl RpcEvent {
    /// An event of your own, noted from this level on. One name has one level.
    #[must_use]
    pub const fn new(name: &'static str, level: StatsLevel) -> Self {
        Self {
            name,
            level,
            slot: u8::MAX,
        }
    }

    /// Its name, as it is written on spans.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The level from which on it is noted.
    #[must_use]
    pub const fn level(self) -> StatsLevel {
        self.level
    }

    /// The place of a predefined event.
    #[cfg(feature = "enable")]
    pub(super) const fn slot(self) -> Option<usize> {
        if self.slot == u8::MAX {
            None
        } else {
            Some(self.slot as usize)
        }
    }
}

impl From<&Self> for RpcEvent {
    fn from(event: &Self) -> Self {
        *event
    }
}

macro_rules! predefined {
    ($($(#[$doc:meta])* $event:ident $name:literal $level:ident;)*) => {
        #[repr(u8)]
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "named as the constants")]
        enum Slot { $($event),* }

        $($(#[$doc])*
        pub const $event: RpcEvent =
            RpcEvent { name: $name, level: StatsLevel::$level, slot: Slot::$event as u8 };)*

        /// Every predefined event, by slot.
        #[cfg(feature = "enable")]
        pub(super) const PREDEFINED: &[RpcEvent] = &[$($event),*];
    };
}

predefined! {
    /// The call begins: on a server before anything of it is decoded.
    RPC_START "rpc_start" Base;
    /// The call is over.
    RPC_FINISH "rpc_finish" Base;
    /// A client asks for a connection.
    CLIENT_CONN_START "client_conn_start" Detailed;
    /// A client has a connection, or none to be had.
    CLIENT_CONN_FINISH "client_conn_finish" Detailed;
    /// Encoding and sending begins.
    WRITE_START "write_start" Detailed;
    /// The last byte was handed to the transport.
    WRITE_FINISH "write_finish" Detailed;
    /// Reading and decoding begins.
    READ_START "read_start" Detailed;
    /// The message is decoded.
    READ_FINISH "read_finish" Detailed;
    /// The payload is waited for.
    WAIT_READ_START "wait_read_start" Detailed;
    /// The payload is there.
    WAIT_READ_FINISH "wait_read_finish" Detailed;
    /// A checksum is computed.
    CHECKSUM_GENERATE_START "checksum_generate_start" Detailed;
    /// The checksum is there.
    CHECKSUM_GENERATE_FINISH "checksum_generate_finish" Detailed;
    /// A checksum is checked.
    CHECKSUM_VALIDATE_START "checksum_validate_start" Detailed;
    /// The checksum has been checked.
    CHECKSUM_VALIDATE_FINISH "checksum_validate_finish" Detailed;
    /// The user's handler begins.
    SERVER_HANDLE_START "server_handle_start" Detailed;
    /// The user's handler has answered.
    SERVER_HANDLE_FINISH "server_handle_finish" Detailed;
    /// The stream is open.
    STREAM_START "stream_start" Detailed;
    /// A client has the head of the answer.
    STREAM_RECV_HEADER "stream_recv_header" Detailed;
    /// The first message has arrived.
    STREAM_RECV "stream_recv" Detailed;
    /// The first message has left.
    STREAM_SEND "stream_send" Detailed;
    /// The stream is closed both ways.
    STREAM_FINISH "stream_finish" Detailed;
}

/// An event of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    pub(super) event: RpcEvent,
    pub(super) status: EventStatus,
    pub(super) text: String,
    pub(super) offset: Duration,
    pub(super) time: SystemTime,
}

impl EventRecord {
    /// What happened.
    #[must_use]
    pub const fn event(&self) -> RpcEvent {
        self.event
    }

    /// Whether it was as it should be.
    #[must_use]
    pub const fn status(&self) -> EventStatus {
        self.status
    }

    /// What was said about it; empty for most.
    #[must_use]
    pub fn info(&self) -> &str {
        &self.text
    }

    /// How long after the start of the call, by a clock that never runs backwards.
    #[must_use]
    pub const fn offset(&self) -> Duration {
        self.offset
    }

    /// The time of day.
    #[must_use]
    pub const fn time(&self) -> SystemTime {
        self.time
    }
}
