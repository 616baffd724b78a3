//! The series of calls that are like one before, found by where their texts are rather than by what they say.

use std::borrow::Cow;
use std::cell::Cell;

use super::super::registry::Series;
use super::is_http;
use crate::callsite::SpanKind;
use crate::record::CallOutcome;
use crate::rpc::info::{RpcInfo, RpcStatus, Text};

/// A power of two; two kibibytes of each thread that counts calls.
const SLOTS: usize = 16;

type Known = Cell<Option<(Places, &'static Series)>>;

thread_local! {
    /// Two of a slot, the latest first: one alone would be pushed out by every second call where two kinds share it.
    static RECENT: [[Known; 2]; SLOTS] = const { [const { [const { Cell::new(None) }; 2] }; SLOTS] };
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
        let known = RECENT.try_with(|recent| {
            let known = recent[slot].each_ref().map(Cell::get).into_iter();
            known.flatten().find(|(places, _)| *places == self)
        });
        if let Ok(Some((_, series))) = known {
            return series;
        }
        let series = find();
        // The one of all the rest is not theirs for ever.
        if series.key().is_some() {
            let _ = RECENT.try_with(|recent| {
                let [latest, before] = &recent[slot];
                before.set(latest.replace(Some((self, series))));
            });
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
