//! The calls between services that spans of a fragment stand for: most of those spans have nothing else to say, and need no
//! details.

use super::budget::Claim;
use crate::id::SpanId;
use crate::rpc::RpcInfo;

/// What a record refers to these by: these bits, then the place in the list. More than the bits that tell what is brief
/// from other details, and unlike any of those.
const IS_CALL: u32 = 0b111 << 29;

/// Places that stay for the next trace, each paid for as if there were a call in it.
const MAX_SPARE: usize = 4;

/// A call, of a span that runs or has ended.
#[derive(Debug)]
struct Call {
    /// [`SpanId::INVALID`] once it has ended.
    span: SpanId,
    /// `None` once it is spelled out, or goes on elsewhere.
    info: Option<RpcInfo>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Calls {
    list: Vec<Call>,
    /// Of spans that run.
    open: usize,
}

/// The place that a record refers to.
pub(super) fn place(details: u32) -> Option<usize> {
    (details & IS_CALL == IS_CALL).then_some((details & !IS_CALL) as usize)
}

impl Calls {
    /// What a place costs, with a call in it or not.
    const PLACE_BYTES: usize = size_of::<Call>() + RpcInfo::BYTES;

    /// Bytes of its places.
    pub(super) fn room(&self) -> usize {
        self.list.capacity() * Self::PLACE_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether all are over, and nothing of them would have to be freed.
    #[inline]
    pub(super) fn are_flat(&self) -> bool {
        let is_flat = |call: &Call| call.info.as_ref().is_some_and(RpcInfo::is_flat);
        self.open == 0 && self.list.iter().all(is_flat)
    }

    #[inline]
    pub(super) fn take_all(&mut self, take: impl FnMut(RpcInfo)) {
        let calls = self.list.iter_mut().filter_map(|call| call.info.take());
        calls.for_each(take);
        self.list.clear();
    }

    pub(super) fn put_back(&mut self, info: RpcInfo, claim: &mut Claim) {
        let room = self.list.capacity();
        self.list.push(Call {
            span: SpanId::INVALID,
            info: Some(info),
        });
        let more = self.list.capacity() - room;
        if more != 0 {
            claim.take_over(&mut Claim::forced(more * Self::PLACE_BYTES));
        }
    }

    pub(super) fn has_open(&self) -> bool {
        self.open != 0
    }

    /// The call that a span which runs stands for; false, and nothing done, when the budget is used up.
    pub(super) fn attach(&mut self, span: SpanId, info: RpcInfo, claim: &mut Claim) -> bool {
        let attached = self.add(span, info, claim);
        self.open += usize::from(attached);
        attached
    }

    /// The call that a span stood for which ends now; what its record refers to it by, `None` when the budget is used up.
    #[inline]
    pub(super) fn file(&mut self, info: RpcInfo, claim: &mut Claim) -> Option<u32> {
        let place = self.list.len() as u32;
        self.add(SpanId::INVALID, info, claim)
            .then_some(IS_CALL | place)
    }

    #[inline(always)]
    fn add(&mut self, span: SpanId, info: RpcInfo, claim: &mut Claim) -> bool {
        if self.list.len() == self.list.capacity() && !self.grow(claim) {
            return false;
        }
        self.list.push(Call {
            span,
            info: Some(info),
        });
        true
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, claim: &mut Claim) -> bool {
        let places = self.list.len().max(1);
        if !claim.grow(places * Self::PLACE_BYTES) {
            return false;
        }
        self.list.reserve_exact(places);
        true
    }

    /// A span has ended; what its record refers to its call by.
    pub(super) fn close(&mut self, span: SpanId) -> Option<u32> {
        let place = self.find(span)?;
        self.list[place].span = SpanId::INVALID;
        self.open -= 1;
        Some(IS_CALL | place as u32)
    }

    /// The call of a span that runs.
    pub(super) fn of(&self, span: SpanId) -> Option<&RpcInfo> {
        self.list[self.find(span)?].info.as_ref()
    }

    /// Takes out the call of a span that runs.
    #[inline]
    pub(super) fn take(&mut self, span: SpanId) -> Option<RpcInfo> {
        let place = self.find(span)?;
        self.list[place].span = SpanId::INVALID;
        self.open -= 1;
        self.take_at(place)
    }

    /// Takes out the call that a record refers to.
    pub(super) fn take_at(&mut self, place: usize) -> Option<RpcInfo> {
        self.list.get_mut(place)?.info.take()
    }

    /// A span that runs has another id.
    pub(super) fn rename(&mut self, from: SpanId, to: SpanId) {
        if let Some(place) = self.find(from) {
            self.list[place].span = to;
        }
    }

    fn find(&self, span: SpanId) -> Option<usize> {
        match self.open {
            0 => None,
            _ => self.list.iter().rposition(|call| call.span == span),
        }
    }

    /// Forgets those that a thread has no use for: it frees a few of them itself, as it has allocated as many.
    pub(super) fn strip(&mut self) {
        if self.list.len() > MAX_SPARE {
            self.clear();
        }
    }

    /// Forgets everything but a little room.
    #[inline]
    pub(super) fn clear(&mut self) {
        if !self.list.is_empty() {
            self.open = 0;
            self.list.clear();
            if self.list.capacity() > MAX_SPARE {
                self.list = Vec::new();
            }
        }
    }

    /// Moves out those of the spans that have ended, and what all places cost; those of spans that run get new places.
    pub(super) fn split_off(&mut self, claim: &mut Claim) -> Self {
        let mut all = std::mem::take(self);
        for call in &mut all.list {
            if call.span.is_valid()
                && let Some(info) = call.info.take()
            {
                self.attach(call.span, info, claim);
            }
        }
        all.open = 0;
        all
    }
}

#[cfg(all(test, not(tracer_loom)))]
mod tests {
    use super::*;
    use crate::recorder::details::Details;
    use crate::rpc::RpcPlan;

    fn info() -> RpcInfo {
        RpcInfo::of(RpcPlan::client("test"))
    }

    #[test]
    fn each_record_finds_the_call_that_its_span_stood_for() {
        let mut details = Details::default();
        let spans = [1, 2, 3].map(SpanId);
        for span in spans {
            assert!(details.attach(span, &info()));
        }
        let records = spans.map(|span| details.close_call(span).expect("it has one"));
        assert!(!details.has_open() && !details.is_empty());
        for record in records.into_iter().rev() {
            let spelled = details.spell_out(record);
            let spelled = details.closed(spelled as usize - 1).expect("it is filed");
            assert!(spelled.rpc.is_some());
        }
    }

    #[test]
    fn a_call_whose_span_ends_at_once_is_found_by_its_record() {
        let mut details = Details::default();
        assert!(details.attach(SpanId(1), &info()));
        let record = details.file_call(info()).expect("the budget allows one");
        assert!(
            details
                .close_call(SpanId(1))
                .is_some_and(|other| other != record)
        );
        assert!(!details.has_open());
        let spelled = details.spell_out(record) as usize - 1;
        assert!(details.closed(spelled).is_some_and(|d| d.rpc.is_some()));
    }

    #[test]
    fn a_span_that_has_said_more_has_its_call_among_that() {
        let mut details = Details::default();
        assert!(details.of(SpanId(1)).is_some());
        assert!(details.attach(SpanId(1), &info()));
        assert!(details.attach(SpanId(2), &info()));
        assert!(details.of(SpanId(2)).is_some());
        assert_eq!(details.close_call(SpanId(1)), None);
        assert_eq!(details.close_call(SpanId(2)), None);
        for span in [1, 2].map(SpanId) {
            assert!(details.take(span).is_some_and(|taken| taken.rpc.is_some()));
        }
        assert!(!details.has_open());
    }

    #[test]
    fn places_are_paid_for_as_long_as_they_are_there() {
        let mut details = Details::default();
        let attach = |details: &mut Details, calls: u64| {
            for span in (1..=calls).map(SpanId) {
                assert!(details.attach(span, &info()));
                assert!(details.close_call(span).is_some());
            }
        };
        attach(&mut details, 1);
        let one = details.bytes();
        details.strip();
        details.clear();
        assert_eq!(details.bytes(), one);
        attach(&mut details, 1);
        assert_eq!(details.bytes(), one);
        attach(&mut details, MAX_SPARE as u64);
        assert_eq!(details.bytes(), 2 * MAX_SPARE * one);
        details.clear();
        assert_eq!(details.bytes(), 0);
    }

    #[test]
    fn what_is_handed_over_leaves_the_calls_of_spans_that_run() {
        let mut details = Details::default();
        for span in [1, 2].map(SpanId) {
            assert!(details.attach(span, &info()));
        }
        let ended = details.close_call(SpanId(1)).expect("it has one");
        let mut part = details.split_off();
        let spelled = part.spell_out(ended);
        assert!(
            part.closed(spelled as usize - 1)
                .is_some_and(|d| d.rpc.is_some())
        );
        assert!(details.has_open() && !part.has_open());
        assert!(details.take(SpanId(2)).is_some_and(|d| d.rpc.is_some()));
    }
}
