//! What a span of the API has been told, and what was recorded of it beside, until its record is filed.

use crate::record::{CallOutcome, Failure, Foreign, SpanDetails};
use crate::recorder::apart;
use crate::recorder::budget::Claim;
use crate::recorder::details::Details;

/// See the module.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) foreign: Foreign,
    pub(super) failure: Option<Box<Failure>>,
    pub(super) more: Option<Box<SpanDetails>>,
    /// That it holds beyond its claim.
    pub(super) bytes: usize,
    pub(super) claim: Claim,
}

impl Told {
    /// Takes everything out.
    #[cold]
    fn take_all(&mut self) -> SpanDetails {
        let more = self.more.take();
        SpanDetails {
            foreign: Some(Box::new(std::mem::take(&mut self.foreign))),
            failure: self.failure.take(),
            ..more.map_or_else(SpanDetails::default, |more| *more)
        }
    }
}

impl apart::Said for Told {
    #[inline]
    fn is_empty(&self) -> bool {
        false
    }

    fn add(&mut self, details: SpanDetails, mut claim: Claim) {
        self.more.get_or_insert_default().add(details);
        self.claim.take_over(&mut claim);
    }

    fn outcome(&mut self, outcome: CallOutcome) -> CallOutcome {
        let inside = self.more.as_mut().and_then(|more| more.failure.take());
        if inside.is_none() || outcome != CallOutcome::Ok || self.foreign.is_ok {
            return outcome;
        }
        self.failure = inside;
        CallOutcome::Error
    }

    #[inline]
    fn file(&mut self, details: &mut Details) -> u32 {
        if self.failure.is_none() && self.more.is_none() {
            let filed = details.close_foreign(&mut self.foreign, self.bytes, &mut self.claim);
            if let Some(filed) = filed {
                return filed;
            }
        }
        let said = self.take_all();
        details.close_beyond(said, self.bytes, &mut self.claim)
    }

    fn take(&mut self) -> Option<(SpanDetails, Claim)> {
        Some((self.take_all(), std::mem::take(&mut self.claim)))
    }
}
