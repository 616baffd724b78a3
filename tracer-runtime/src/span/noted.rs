//! What is recorded in a span that may be on no thread, or on several, within the byte budget.

use super::inside::{self, MAX_LINKS};
use crate::callsite::SpanKind;
use crate::context::Link;
use crate::record::{CallOutcome, Event, Failure, SpanDetails};
use crate::recorder::apart::Said;
use crate::recorder::budget::Claim;
use crate::recorder::details::Details;
use crate::value::KeyValue;

/// Of what a span begins with; claimed at the end only, so that most spans need not ask while they run.
const FREE_BYTES: usize = 1024;
/// Places for attributes that stay for the next span.
const MAX_SPARE: usize = 8;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    attributes: Vec<KeyValue>,
    /// Mostly nothing.
    more: Option<Box<SpanDetails>>,
    claim: Claim,
    failed: Failed,
    renamed: Option<Box<Renamed>>,
}

/// How a span wants to be known.
#[derive(Debug, Default)]
struct Renamed {
    name: Option<String>,
    kind: Option<SpanKind>,
}

/// What is known of the outcome, as the status of OpenTelemetry has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Failed {
    #[default]
    Unset,
    Yes,
    /// For good.
    No,
}

impl Noted {
    /// What a span begins with: no key twice.
    #[inline]
    pub(crate) fn begin_with(&mut self, attributes: Vec<KeyValue>) {
        let heap: usize = attributes.iter().map(|a| a.value.heap_bytes()).sum();
        let bytes = attributes.capacity() * size_of::<KeyValue>() + heap;
        if bytes <= FREE_BYTES || self.claim.grow(bytes) {
            self.attributes = attributes;
        } else {
            self.more().dropped_attributes += attributes.len() as u32;
        }
    }

    /// All but the attributes.
    fn more(&mut self) -> &mut SpanDetails {
        self.more.get_or_insert_default()
    }

    /// The last value of a key counts.
    pub(crate) fn attribute(&mut self, attribute: KeyValue) {
        if !inside::set(&mut self.attributes, attribute, &mut self.claim) {
            self.more().dropped_attributes += 1;
        }
    }

    /// The span wants to be known like this; what is `None` stays.
    pub(crate) fn rename(&mut self, name: Option<String>, kind: Option<SpanKind>) {
        if name.is_some() || kind.is_some() {
            let renamed = self.renamed.get_or_insert_default();
            renamed.name = name.or(renamed.name.take());
            renamed.kind = kind.or(renamed.kind);
        }
    }

    /// How the span wants to be known, where it has said so.
    pub(crate) fn renamed(&self) -> Option<(Option<&str>, Option<SpanKind>)> {
        let Renamed { name, kind } = self.renamed.as_deref()?;
        Some((name.as_deref(), *kind))
    }

    pub(crate) fn event(&mut self, event: Event) {
        let details = self.more.get_or_insert_default();
        inside::push_event(details, event, &mut self.claim);
    }

    pub(crate) fn link(&mut self, link: Link) {
        let details = self.more.get_or_insert_default();
        let links = &mut details.links;
        let room = links.len() < MAX_LINKS;
        if !(room && inside::push_within(links, link, 0, &mut self.claim)) {
            details.dropped_links += 1;
        }
    }

    /// The span is ok, whatever comes later.
    pub(crate) fn succeed(&mut self) {
        self.failed = Failed::No;
        let failure = self.more.as_mut().and_then(|more| more.failure.take());
        if let Some(failure) = failure {
            self.claim.shrink(failure.bytes());
        }
    }

    /// The span is an error, unless it is known to be ok.
    pub(crate) fn fail(&mut self, failure: Failure) {
        if self.failed == Failed::No {
            return;
        }
        self.failed = Failed::Yes;
        let details = self.more.get_or_insert_default();
        inside::put_failure(details, failure, &mut self.claim);
    }

    /// What a span begins with may be written here: empty, mostly with room.
    #[inline]
    pub(crate) fn take_room(&mut self) -> Vec<KeyValue> {
        std::mem::take(&mut self.attributes)
    }

    /// Whether nothing is left of the span that has ended but a little room.
    #[inline]
    pub(crate) fn is_blank(&self) -> bool {
        self.attributes.is_empty()
            && self.attributes.capacity() <= MAX_SPARE
            && self.more.is_none()
            && self.renamed.is_none()
            && self.failed == Failed::Unset
            && self.claim.bytes() == 0
    }
}

impl Said for Noted {
    #[inline]
    fn is_empty(&self) -> bool {
        self.attributes.is_empty() && self.more.is_none()
    }

    fn add(&mut self, mut details: SpanDetails, mut claim: Claim) {
        if let Some(failure) = details.failure.take() {
            claim.shrink(failure.bytes());
            self.fail(*failure);
        }
        if self.attributes.is_empty() {
            self.attributes = std::mem::take(&mut details.attributes);
        }
        let more = self.more.get_or_insert_default();
        if more.events.is_empty() {
            more.events = std::mem::take(&mut details.events);
        }
        more.rpc = details.rpc.take().or_else(|| more.rpc.take());
        more.dropped_attributes += details.dropped_attributes;
        more.dropped_events += details.dropped_events;
        // What follows is claimed anew where it goes; what was, is given back with the claim of what is left.
        let moved = std::mem::take(&mut details.attributes);
        let freed = moved.iter().map(|a| a.value.heap_bytes()).sum();
        claim.shrink(freed);
        moved.into_iter().for_each(|a| self.attribute(a));
        let moved = std::mem::take(&mut details.events);
        claim.shrink(moved.iter().map(inside::event_bytes).sum());
        moved.into_iter().for_each(|event| self.event(event));
        self.claim.take_over(&mut claim);
    }

    #[inline]
    fn outcome(&mut self, outcome: CallOutcome) -> CallOutcome {
        match outcome {
            CallOutcome::Ok if self.failed == Failed::Yes => CallOutcome::Error,
            other => other,
        }
    }

    #[inline]
    fn file(&mut self, details: &mut Details) -> u32 {
        match self.more.take() {
            None => details.close_attributes(&mut self.attributes, &mut self.claim),
            Some(more) => {
                let attributes = std::mem::take(&mut self.attributes);
                details.close_with(whole(*more, attributes), &mut self.claim)
            }
        }
    }

    fn take(&mut self) -> Option<(SpanDetails, Claim)> {
        if self.is_empty() {
            return None;
        }
        let more = self.more.take().unwrap_or_default();
        let attributes = std::mem::take(&mut self.attributes);
        Some((whole(*more, attributes), std::mem::take(&mut self.claim)))
    }
}

/// By time, and the failure by the span's own `error.type`, where it says one.
#[cold]
fn whole(mut details: SpanDetails, attributes: Vec<KeyValue>) -> SpanDetails {
    details.attributes = attributes;
    if details.events.len() > 1 {
        details.events.sort_by_key(|event| event.time);
    }
    let attributes = &mut details.attributes;
    if let Some(failure) = details.failure.as_mut()
        && failure.error_type.is_empty()
        && let Some(said) = attributes.iter().position(|a| a.key == "error.type")
        && let crate::Value::Str(text) = &mut attributes[said].value
    {
        failure.error_type = std::mem::take(text);
        attributes.remove(said);
    }
    details
}
