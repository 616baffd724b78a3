//! The series of calls that are like one before, found by where their texts are rather than by what they say.

use std::borrow::Cow;
use std::cell::Cell;

use super::super::registry::Series;
use super::is_http;
use crate::callsite::SpanKind;
use crate::record::CallOutcome;
use crate::rpc::info::{RpcInfo, RpcStatus, Text};

/// A power of two; two kibibytes of each thread that counts calls.
const SLOTS: usize = 32;

thread_local! {
    static RECENT: [Cell<Option<(Places, &'static Series)>>; SLOTS] = const { [const { Cell::new(None) }; SLOTS] };
}

/// The side and what is counted, the status, the callsite of the method or the system, the address and the name of the
/// other side: of texts that are there for good, so that the same place and length is the same text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places([usize; 7]);

const ACTIVE: usize = 2;

impl Places {
    /// Of a call that is under way.
    pub(super) fn active(info: &RpcInfo) -> Option<Self> {
        let [system, length] = place(&info.0.plan.system)?;
        let [address, bytes] = address(info)?;
        let what = side(info)? | ACTIVE;
        Some(Self([what, 0, system, address, bytes, length, 0]))
    }

    /// Of a gRPC call that is over and went well.
    pub(super) fn finished(info: &RpcInfo) -> Option<Self> {
        if info.system() != "grpc" {
            return None;
        }
        let (shared, what) = (&info.0, side(info)?);
        let site = shared
            .plan
            .site
            .filter(|_| shared.late.method().is_none())?;
        let other = match info.kind() {
            SpanKind::Client => info.to(),
            _ => info.from(),
        };
        if info.stats().outcome() != Some(CallOutcome::Ok) || !other.namespace().is_empty() {
            return None;
        }
        let status = match info.status() {
            Some(RpcStatus::Grpc(code)) => 1 + usize::from(code),
            None => 0,
            Some(RpcStatus::Http(_)) => return None,
        };
        let [address, bytes] = address(info)?;
        let [peer, length] = place(&other.service_name)?;
        let site = std::ptr::from_ref(site).addr();
        Some(Self([what, status, site, address, bytes, peer, length]))
    }

    /// The series that such a call had before on this thread, or the one that is to be found.
    pub(super) fn series(self, find: impl FnOnce() -> &'static Series) -> &'static Series {
        let slot = self.slot();
        let recent = RECENT.try_with(|recent| recent[slot].get()).ok().flatten();
        if let Some((_, series)) = recent.filter(|(known, _)| *known == self) {
            return series;
        }
        let series = find();
        // The one of all the rest is not theirs for ever.
        if series.key().is_some() {
            let _ = RECENT.try_with(|recent| recent[slot].set(Some((self, series))));
        }
        series
    }

    fn slot(self) -> usize {
        let Self([what, status, text, address, _, peer, _]) = self;
        let word = (text ^ address.rotate_left(11) ^ peer.rotate_left(23)) as u64;
        let word = word ^ (status as u64) << 3 ^ (what as u64) << 1;
        (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % SLOTS
    }
}

/// `None` for HTTP, whose calls are told apart by more.
fn side(info: &RpcInfo) -> Option<usize> {
    (!is_http(info)).then_some(usize::from(info.kind() == SpanKind::Client))
}

/// That a client has asked for.
fn address(info: &RpcInfo) -> Option<[usize; 2]> {
    match info.kind() {
        SpanKind::Client => place(&info.to().address),
        _ => Some([0, 0]),
    }
}

/// `None` for a text that may make way for another one.
fn place(text: &Text) -> Option<[usize; 2]> {
    match text {
        Cow::Borrowed("") => Some([0, 0]),
        Cow::Borrowed(text) => Some([text.as_ptr().addr(), text.len()]),
        Cow::Owned(text) => text.is_empty().then_some([0, 0]),
    }
}
