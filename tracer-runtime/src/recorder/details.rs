//! What spans of a fragment have recorded beside their records, within the byte budget.

mod room;

use super::brief::{Brief, is_brief};
use super::budget::Claim;
use super::calls::{self, Calls};
use crate::id::SpanId;
#[cfg(feature = "opentelemetry")]
use crate::record::Foreign;
use crate::record::{Failure, SpanDetails};
use crate::rpc::RpcInfo;
use crate::value::KeyValue;

/// A place among the open ones and one among the closed ones, each in a list that doubles when it is full.
const ENTRY_BYTES: usize = 2 * (size_of::<Open>() + size_of::<SpanDetails>());

/// Claimed at once at most for spans that are still to end.
const MAX_PREPAID: usize = 8 << 10;

pub(super) use room::Room;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Details {
    /// Of finished spans; records refer to it by index + 1.
    closed: Vec<SpanDetails>,
    /// Of finished spans that have said little.
    brief: Brief,
    /// That spans stand for which have nothing else to say; those that still run included.
    calls: Calls,
    /// Of spans that still run.
    open: Vec<Open>,
    /// For what the finished ones hold.
    claim: Claim,
    /// Of the claim, for those to come.
    prepaid: usize,
}

#[derive(Debug)]
struct Open {
    span: SpanId,
    details: SpanDetails,
    claim: Claim,
}

impl Details {
    /// The details of a span that runs, made when first asked for, and the claim for what is added to them; `None`
    /// when the budget is used up.
    pub(crate) fn of(&mut self, span: SpanId) -> Option<(&mut SpanDetails, &mut Claim)> {
        let found = self.open.iter().rposition(|open| open.span == span);
        let index = match found {
            Some(index) => index,
            None => {
                let mut claim = Claim::default();
                if !claim.grow(ENTRY_BYTES) {
                    return None;
                }
                self.open.push(Open {
                    span,
                    details: SpanDetails::default(),
                    claim,
                });
                self.open.len() - 1
            }
        };
        let Open { details, claim, .. } = &mut self.open[index];
        Some((details, claim))
    }

    /// Says which call a span that runs stands for; false, and nothing done, when the budget is used up.
    pub(crate) fn attach(&mut self, span: SpanId, call: &RpcInfo) -> bool {
        match self.open.iter_mut().rfind(|open| open.span == span) {
            None => self.calls.attach(span, call.clone(), &mut self.claim),
            Some(open) => {
                let paid = open.details.rpc.is_some() || open.claim.grow(RpcInfo::BYTES);
                if paid {
                    open.details.rpc = Some(call.clone());
                }
                paid
            }
        }
    }

    /// Files the call of a span that ends now without having anything else to say; `None` when the budget is used up.
    #[inline]
    pub(crate) fn file_call(&mut self, call: RpcInfo) -> Option<u32> {
        self.calls.file(call, &mut self.claim)
    }

    /// Files the call of a span that has ended without having anything else to say.
    pub(crate) fn close_call(&mut self, span: SpanId) -> Option<u32> {
        let alone = self.calls.has_open() && !self.open.iter().any(|open| open.span == span);
        alone.then(|| self.calls.close(span)).flatten()
    }

    pub(crate) fn has_open(&self) -> bool {
        !self.open.is_empty() || self.calls.has_open()
    }

    /// Whether the code inside a span that runs has said that it failed.
    pub(crate) fn has_failed(&self, span: SpanId) -> bool {
        let open = self.open.iter().rfind(|open| open.span == span);
        open.is_some_and(|open| open.details.failure.is_some())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.closed.is_empty()
            && self.open.is_empty()
            && self.brief.is_empty()
            && self.calls.is_empty()
    }

    /// Whether spans have said nothing but which calls they stood for, all of them over, of which nothing would have to be freed.
    #[inline]
    pub(crate) fn is_flat(&self) -> bool {
        self.closed.is_empty()
            && self.open.is_empty()
            && self.brief.is_empty()
            && self.calls.are_flat()
    }

    /// Calls that spans stood for without saying more.
    pub(crate) fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Takes these out, in their order.
    #[inline]
    pub(crate) fn take_calls(&mut self, take: impl FnMut(RpcInfo)) {
        self.calls.take_all(take);
    }

    /// Puts one back, in the same order; what it holds is paid for by where it comes from.
    pub(crate) fn put_back_call(&mut self, call: RpcInfo) {
        self.calls.put_back(call, &mut self.claim);
    }

    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        match self.open.is_empty() {
            true => self.claim.bytes(),
            false => self.claim.bytes() + self.open_bytes(),
        }
    }

    #[cold]
    #[inline(never)]
    fn open_bytes(&self) -> usize {
        self.open.iter().map(|open| open.claim.bytes()).sum()
    }

    /// Takes what was recorded in a span.
    #[inline]
    pub(crate) fn take(&mut self, span: SpanId) -> Option<SpanDetails> {
        let (details, mut claim) = self.take_open(span)?;
        self.claim.take_over(&mut claim);
        Some(details)
    }

    /// Takes what was recorded in a span that goes on elsewhere, and the claim for it.
    #[inline]
    pub(crate) fn take_open(&mut self, span: SpanId) -> Option<(SpanDetails, Claim)> {
        if let Some(call) = self.calls.take(span) {
            self.put_call(span, call);
        }
        let index = self.open.iter().rposition(|open| open.span == span)?;
        let Open { details, claim, .. } = self.open.swap_remove(index);
        Some((details, claim))
    }

    /// Adds the call of a span that runs to what else it has recorded. The place that the call had stays paid for.
    #[cold]
    #[inline(never)]
    fn put_call(&mut self, span: SpanId, call: RpcInfo) {
        if !self.is_open(span) {
            let claim = Claim::forced(ENTRY_BYTES);
            self.adopt(span, SpanDetails::default(), claim);
        }
        if let Some(open) = self.open.iter_mut().rfind(|open| open.span == span) {
            open.claim.take_over(&mut Claim::forced(RpcInfo::BYTES));
            open.details.rpc = Some(call);
        }
    }

    /// Takes over what was recorded elsewhere in a span that ends here.
    pub(crate) fn adopt(&mut self, span: SpanId, details: SpanDetails, claim: Claim) {
        self.open.push(Open {
            span,
            details,
            claim,
        });
    }

    /// What was recorded so far in a span that runs.
    #[cfg(feature = "tracing-opentelemetry")]
    pub(crate) fn recorded(&self, span: SpanId) -> Option<SpanDetails> {
        let call = self.calls.of(span);
        let open = self.open.iter().rfind(|open| open.span == span);
        if open.is_none() && call.is_none() {
            return None;
        }
        let mut details = open.map_or_else(SpanDetails::default, |open| open.details.clone());
        details.rpc = details.rpc.or_else(|| call.cloned());
        Some(details)
    }

    /// A span that runs has another id.
    pub(crate) fn rename(&mut self, from: SpanId, to: SpanId) {
        self.calls.rename(from, to);
        if let Some(open) = self.open.iter_mut().rfind(|open| open.span == from) {
            open.span = to;
        }
    }

    /// Adds why a span failed to what it recorded, as far as the budget allows.
    #[inline]
    pub(crate) fn with_failure(
        &mut self,
        details: Option<SpanDetails>,
        failure: Box<Failure>,
    ) -> Option<SpanDetails> {
        let place = if details.is_none() { ENTRY_BYTES } else { 0 };
        if !self.claim.grow(place + failure.bytes()) {
            return details;
        }
        let mut details = details.unwrap_or_default();
        details.failure = Some(failure);
        Some(details)
    }

    /// Whether anything was recorded in a span that runs.
    pub(crate) fn is_open(&self, span: SpanId) -> bool {
        self.open.iter().any(|open| open.span == span) || self.calls.of(span).is_some()
    }

    /// [`Self::close`] for what comes with a claim of its own.
    pub(crate) fn close_with(&mut self, details: SpanDetails, claim: &mut Claim) -> u32 {
        self.claim.take_over(claim);
        self.close(details)
    }

    /// [`Self::close_with`] for attributes alone, which may hold a little beyond the claim. So many spans may do this that
    /// the claim for that is made for several together.
    #[inline]
    pub(crate) fn close_attributes(
        &mut self,
        attributes: &mut Vec<KeyValue>,
        claim: &mut Claim,
    ) -> u32 {
        self.take_over(claim);
        let heap: usize = attributes.iter().map(|a| a.value.heap_bytes()).sum();
        let places = self.brief.cost_of(attributes);
        let bytes = heap + places.unwrap_or(size_of_val(attributes.as_slice()));
        if !self.can_pay(bytes) {
            let dropped_attributes = attributes.len() as u32;
            attributes.clear();
            return self.close(SpanDetails {
                dropped_attributes,
                ..SpanDetails::default()
            });
        }
        self.prepaid -= bytes;
        match places {
            Some(_) => self.brief.file(attributes),
            None => self.close(SpanDetails {
                attributes: std::mem::take(attributes),
                ..SpanDetails::default()
            }),
        }
    }

    #[inline]
    fn take_over(&mut self, claim: &mut Claim) {
        self.prepaid += claim.bytes();
        self.claim.take_over(claim);
    }

    /// Whether so many bytes are prepaid, or can be now.
    #[inline]
    fn can_pay(&mut self, bytes: usize) -> bool {
        if self.prepaid >= bytes {
            return true;
        }
        let more = self.step(bytes);
        let granted = [more, bytes].into_iter().find(|&b| self.claim.grow(b));
        self.prepaid += granted.unwrap_or(0);
        granted.is_some()
    }

    /// What to claim at once for so many bytes.
    fn step(&self, bytes: usize) -> usize {
        bytes.max(self.claim.bytes()).min(MAX_PREPAID.max(bytes))
    }

    /// [`Self::close_with`] for what another API has said of a span, which holds so many bytes beyond the claim; `None`, and
    /// nothing done, where that is much.
    #[cfg(feature = "opentelemetry")]
    #[inline]
    pub(crate) fn close_foreign(
        &mut self,
        foreign: &mut Foreign,
        bytes: usize,
        claim: &mut Claim,
    ) -> Option<u32> {
        let details = self.brief.file_foreign(foreign)?;
        self.take_over(claim);
        // More than it holds, the places that the lists have beyond their items included.
        self.pay(bytes);
        Some(details)
    }

    /// [`Self::close_with`] for what holds so many bytes beyond the claim.
    pub(crate) fn close_beyond(
        &mut self,
        details: SpanDetails,
        bytes: usize,
        claim: &mut Claim,
    ) -> u32 {
        self.take_over(claim);
        self.pay(bytes + size_of::<SpanDetails>());
        self.close(details)
    }

    /// For what exists anyway.
    #[inline]
    fn pay(&mut self, bytes: usize) {
        if self.prepaid < bytes {
            let more = self.step(bytes);
            self.claim.take_over(&mut Claim::forced(more));
            self.prepaid += more;
        }
        self.prepaid -= bytes;
    }

    /// Spells out what finished spans have said, for whoever reads them; what the record refers to them by from now on.
    pub(super) fn spell_out(&mut self, details: u32) -> u32 {
        if let Some(place) = calls::place(details) {
            let rpc = self.calls.take_at(place);
            return self.close(SpanDetails {
                rpc,
                ..SpanDetails::default()
            });
        }
        if is_brief(details) {
            let spelled = self.brief.spell_out(details);
            return self.close(spelled);
        }
        details
    }

    /// Files the details of a finished span; what its record refers to them by.
    pub(crate) fn close(&mut self, details: SpanDetails) -> u32 {
        self.closed.push(details);
        self.closed.len() as u32
    }

    pub(crate) fn closed(&self, index: usize) -> Option<&SpanDetails> {
        self.closed.get(index)
    }

    pub(crate) fn closed_mut(&mut self, index: usize) -> Option<&mut SpanDetails> {
        self.closed.get_mut(index)
    }

    /// Moves out those of the finished spans.
    pub(crate) fn split_off(&mut self) -> Self {
        let claim = std::mem::take(&mut self.claim);
        Self {
            closed: std::mem::take(&mut self.closed),
            brief: std::mem::take(&mut self.brief),
            calls: self.calls.split_off(&mut self.claim),
            open: Vec::new(),
            claim,
            prepaid: std::mem::take(&mut self.prepaid),
        }
    }
}
