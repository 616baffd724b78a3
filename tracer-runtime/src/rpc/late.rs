//! What becomes known of a call while it runs: each is said once, and takes little room where it is not said.

use std::sync::OnceLock;
use std::sync::atomic::{
    AtomicU8, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use super::info::Text;
use super::panics::Panicked;
use super::status::{BizStatus, RpcStatus};
use crate::context::Ids;
use crate::id::{SpanId, TraceId};

/// What becomes known while the call runs; each is said once.
#[derive(Debug, Default)]
pub(super) struct Late {
    status: AtomicU32,
    seldom: OnceLock<Box<Seldom>>,
}

/// What few calls learn late.
#[derive(Debug, Default)]
pub(super) struct Seldom {
    pub(super) method: OnceLock<Text>,
    pub(super) route: OnceLock<Text>,
    pub(super) biz_status: OnceLock<BizStatus>,
    pub(super) peer_address: OnceLock<Text>,
    pub(super) panicked: Panicked,
}

impl Late {
    /// Whether it holds nothing that would have to be freed.
    #[inline]
    pub(super) fn is_flat(&self) -> bool {
        self.seldom.get().is_none()
    }

    const GRPC: u32 = 1 << 16;
    const HTTP: u32 = 2 << 16;

    /// What is said first counts.
    pub(super) fn set_status(&self, status: RpcStatus) {
        let word = match status {
            RpcStatus::Grpc(code) => Self::GRPC | u32::from(code),
            RpcStatus::Http(code) => Self::HTTP | u32::from(code),
        };
        if self.status.load(Relaxed) == 0 {
            let _ = self.status.compare_exchange(0, word, Relaxed, Relaxed);
        }
    }

    pub(super) fn status(&self) -> Option<RpcStatus> {
        let word = self.status.load(Relaxed);
        match word & !0xffff {
            Self::GRPC => Some(RpcStatus::Grpc(word as u8)),
            Self::HTTP => Some(RpcStatus::Http(word as u16)),
            _ => None,
        }
    }

    pub(super) fn method(&self) -> Option<&Text> {
        self.seldom.get()?.method.get()
    }

    pub(super) fn route(&self) -> Option<&Text> {
        self.seldom.get()?.route.get()
    }

    pub(super) fn biz_status(&self) -> Option<&BizStatus> {
        self.seldom.get()?.biz_status.get()
    }

    pub(super) fn peer_address(&self) -> Option<&Text> {
        self.seldom.get()?.peer_address.get()
    }

    pub(super) fn panic_stack(&self) -> Option<String> {
        self.seldom.get()?.panicked.stack()
    }

    /// To say something of it.
    pub(super) fn seldom(&self) -> &Seldom {
        self.seldom.get_or_init(Box::default)
    }
}

/// The ids of the span, once it has begun. Whoever begins it is the only one who sets them.
#[derive(Debug, Default)]
pub(super) struct LateIds {
    known: AtomicU8,
    trace: [AtomicU64; 2],
    span: AtomicU64,
}

impl LateIds {
    const KNOWN: u8 = 1;
    const SAMPLED: u8 = 2;

    pub(super) fn set(&self, ids: Ids) {
        self.trace[0].store(ids.trace_id.0[0], Relaxed);
        self.trace[1].store(ids.trace_id.0[1], Relaxed);
        self.span.store(ids.span_id.0, Relaxed);
        let sampled = if ids.sampled { Self::SAMPLED } else { 0 };
        self.known.store(Self::KNOWN | sampled, Release);
    }

    pub(super) fn get(&self) -> Option<Ids> {
        let known = self.known.load(Acquire);
        (known != 0).then(|| Ids {
            trace_id: TraceId(self.trace.each_ref().map(|half| half.load(Relaxed))),
            span_id: SpanId(self.span.load(Relaxed)),
            sampled: known & Self::SAMPLED != 0,
        })
    }
}
