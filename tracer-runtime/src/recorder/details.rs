//! What spans of a fragment have recorded beside their records, within the byte budget.

use super::budget::Claim;
use crate::id::SpanId;
use crate::record::{Failure, Foreign, SpanDetails};
use crate::rpc::RpcInfo;

/// A place among the open ones and one among the closed ones, each in a list that doubles when it is full.
const ENTRY_BYTES: usize = 2 * (size_of::<Open>() + size_of::<SpanDetails>());

/// Claimed at once at most for spans that are still to end.
const MAX_PREPAID: usize = 8 << 10;

/// A recycled fragment keeps room for so many spans that have recorded something.
const MAX_SPARE: usize = 4;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Details {
    /// Of finished spans; records refer to it by index + 1.
    closed: Vec<SpanDetails>,
    /// Of spans that still run.
    open: Vec<Open>,
    /// For what the finished ones hold.
    claim: Claim,
    /// Of the claim, for those to come.
    prepaid: usize,
}

/// What another API has said of a span that has ended, and what was recorded of it beside.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) foreign: Box<Foreign>,
    pub(crate) failure: Option<Box<Failure>>,
    pub(crate) more: Option<Box<SpanDetails>>,
    /// That it holds beyond its claim.
    pub(crate) bytes: usize,
    pub(crate) claim: Claim,
}

impl Told {
    pub(crate) fn into_details(self) -> SpanDetails {
        SpanDetails {
            foreign: Some(self.foreign),
            failure: self.failure,
            ..self.more.map_or_else(SpanDetails::default, |more| *more)
        }
    }
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

    pub(crate) fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether the code inside a span that runs has said that it failed.
    pub(crate) fn has_failed(&self, span: SpanId) -> bool {
        let open = self.open.iter().rfind(|open| open.span == span);
        open.is_some_and(|open| open.details.failure.is_some())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.closed.is_empty() && self.open.is_empty()
    }

    pub(crate) fn bytes(&self) -> usize {
        let open: usize = self.open.iter().map(|open| open.claim.bytes()).sum();
        self.claim.bytes() + open
    }

    /// Takes what was recorded in a span.
    pub(crate) fn take(&mut self, span: SpanId) -> Option<SpanDetails> {
        let (details, mut claim) = self.take_open(span)?;
        self.claim.take_over(&mut claim);
        Some(details)
    }

    /// Takes what was recorded in a span that goes on elsewhere, and the claim for it.
    pub(crate) fn take_open(&mut self, span: SpanId) -> Option<(SpanDetails, Claim)> {
        let index = self.open.iter().rposition(|open| open.span == span)?;
        let Open { details, claim, .. } = self.open.swap_remove(index);
        Some((details, claim))
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
    pub(crate) fn open(&self, span: SpanId) -> Option<&SpanDetails> {
        let open = self.open.iter().rfind(|open| open.span == span);
        open.map(|open| &open.details)
    }

    /// A span that runs has another id.
    pub(crate) fn rename(&mut self, from: SpanId, to: SpanId) {
        if let Some(open) = self.open.iter_mut().rfind(|open| open.span == from) {
            open.span = to;
        }
    }

    /// Adds why a span failed to what it recorded, as far as the budget allows.
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
        self.open.iter().any(|open| open.span == span)
    }

    /// [`Self::close`] for details that come with a claim of their own.
    pub(crate) fn close_with(&mut self, details: SpanDetails, mut claim: Claim) -> u32 {
        self.claim.take_over(&mut claim);
        self.close(details)
    }

    /// [`Self::close`] for what another API has said of a span, which holds so many bytes and has this claim on more. So
    /// many spans may do this that the claim is made for several together.
    #[inline]
    pub(crate) fn adopt_told(&mut self, mut said: Told) -> u32 {
        let bytes = said.bytes + size_of::<SpanDetails>();
        if self.prepaid < bytes {
            let more = bytes.max(self.claim.bytes()).min(MAX_PREPAID.max(bytes));
            self.claim.take_over(&mut Claim::forced(more));
            self.prepaid += more;
        }
        self.prepaid -= bytes;
        self.claim.take_over(&mut said.claim);
        // Made where it stays.
        self.closed.push(SpanDetails::default());
        if let Some(details) = self.closed.last_mut() {
            if let Some(more) = said.more {
                *details = *more;
            }
            details.foreign = Some(said.foreign);
            details.failure = said.failure;
        }
        self.closed.len() as u32
    }

    /// Files the details of a finished span; what its record refers to them by.
    pub(crate) fn close(&mut self, details: SpanDetails) -> u32 {
        self.closed.push(details);
        self.closed.len() as u32
    }

    pub(crate) fn closed(&self, index: usize) -> Option<&SpanDetails> {
        self.closed.get(index)
    }

    pub(crate) fn closed_iter_mut(&mut self) -> impl Iterator<Item = &mut SpanDetails> {
        self.closed.iter_mut()
    }

    pub(crate) fn closed_mut(&mut self, index: usize) -> Option<&mut SpanDetails> {
        self.closed.get_mut(index)
    }

    /// Frees what was recorded, but for what is known of calls between services: the thread that takes the fragment frees
    /// that, as threads that serve calls have allocated it.
    pub(crate) fn strip(&mut self) {
        if self.closed.len() > MAX_SPARE {
            return self.clear();
        }
        for details in &mut self.closed {
            *details = SpanDetails {
                rpc: details.rpc.take(),
                ..SpanDetails::default()
            };
        }
        self.prepaid = 0;
        let kept = self.closed.len() * (ENTRY_BYTES + RpcInfo::BYTES);
        self.claim.shrink(self.claim.bytes().saturating_sub(kept));
    }

    /// Forgets everything but a little room.
    pub(crate) fn clear(&mut self) {
        if self.closed.capacity() > MAX_SPARE || self.open.capacity() > MAX_SPARE {
            *self = Self::default();
            return;
        }
        self.prepaid = 0;
        self.closed.clear();
        self.open.clear();
        let room = self.closed.capacity() * size_of::<SpanDetails>()
            + self.open.capacity() * size_of::<Open>();
        self.claim.shrink(self.claim.bytes().saturating_sub(room));
    }

    /// Moves out those of the finished spans.
    pub(crate) fn split_off(&mut self) -> Self {
        Self {
            closed: std::mem::take(&mut self.closed),
            open: Vec::new(),
            claim: std::mem::take(&mut self.claim),
            prepaid: std::mem::take(&mut self.prepaid),
        }
    }
}
