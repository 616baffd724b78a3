//! What is recorded in a span that may be on no thread, or on several, within the byte budget.

use super::inside::{self, MAX_LINKS};
use crate::callsite::SpanKind;
use crate::context::Link;
use crate::record::{Event, Failure, SpanDetails};
use crate::recorder::budget::Claim;
use crate::value::KeyValue;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    details: SpanDetails,
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
    pub(crate) fn begin_with(&mut self, attributes: Vec<KeyValue>) {
        let heap: usize = attributes.iter().map(|a| a.value.heap_bytes()).sum();
        if self
            .claim
            .grow(attributes.capacity() * size_of::<KeyValue>() + heap)
        {
            self.details.attributes = attributes;
        } else {
            self.details.dropped_attributes += attributes.len() as u32;
        }
    }

    /// The last value of a key counts.
    pub(crate) fn attribute(&mut self, attribute: KeyValue) {
        if !inside::set(&mut self.details.attributes, attribute, &mut self.claim) {
            self.details.dropped_attributes += 1;
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
        inside::push_event(&mut self.details, event, &mut self.claim);
    }

    pub(crate) fn link(&mut self, link: Link) {
        let links = &mut self.details.links;
        let room = links.len() < MAX_LINKS;
        if !(room && inside::push_within(links, link, 0, &mut self.claim)) {
            self.details.dropped_links += 1;
        }
    }

    /// The span is ok, whatever comes later.
    pub(crate) fn succeed(&mut self) {
        self.failed = Failed::No;
        if let Some(failure) = self.details.failure.take() {
            self.claim.shrink(failure.bytes());
        }
    }

    /// The span is an error, unless it is known to be ok.
    pub(crate) fn fail(&mut self, failure: Failure) {
        if self.failed == Failed::No {
            return;
        }
        self.failed = Failed::Yes;
        inside::put_failure(&mut self.details, failure, &mut self.claim);
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed == Failed::Yes
    }

    /// Adds what was recorded where the span was current.
    pub(super) fn merge(&mut self, mut details: SpanDetails, mut claim: Claim) {
        if let Some(failure) = details.failure.take() {
            claim.shrink(failure.bytes());
            self.fail(*failure);
        }
        if self.details.attributes.is_empty() {
            self.details.attributes = std::mem::take(&mut details.attributes);
        }
        if self.details.events.is_empty() {
            self.details.events = std::mem::take(&mut details.events);
        }
        // What follows is claimed anew where it goes; what was, is given back with the claim of what is left.
        let moved = std::mem::take(&mut details.attributes);
        let freed = moved.iter().map(|a| a.value.heap_bytes()).sum();
        claim.shrink(freed);
        moved.into_iter().for_each(|a| self.attribute(a));
        let moved = std::mem::take(&mut details.events);
        claim.shrink(moved.iter().map(inside::event_bytes).sum());
        moved.into_iter().for_each(|event| self.event(event));
        self.details.rpc = details.rpc.take().or_else(|| self.details.rpc.take());
        self.details.dropped_attributes += details.dropped_attributes;
        self.details.dropped_events += details.dropped_events;
        self.claim.take_over(&mut claim);
    }

    /// Everything, by time; `None` where there is nothing.
    pub(super) fn finish(&mut self) -> Option<(SpanDetails, Claim)> {
        if self.claim.bytes() == 0 && self.details.rpc.is_none() && !self.has_dropped() {
            return None;
        }
        if self.details.events.len() > 1 {
            self.details.events.sort_by_key(|event| event.time);
        }
        self.name_the_failure();
        let details = std::mem::take(&mut self.details);
        Some((details, std::mem::take(&mut self.claim)))
    }

    fn has_dropped(&self) -> bool {
        let SpanDetails {
            dropped_attributes,
            dropped_events,
            dropped_links,
            ..
        } = self.details;
        dropped_attributes + dropped_events + dropped_links != 0 || self.details.failure.is_some()
    }

    /// By the span's own `error.type`, where it says one.
    fn name_the_failure(&mut self) {
        let Some(failure) = self.details.failure.as_mut() else {
            return;
        };
        let attributes = &mut self.details.attributes;
        let said = attributes.iter().position(|a| a.key == "error.type");
        if let Some(said) = said.filter(|_| failure.error_type.is_empty())
            && let crate::Value::Str(text) = &mut attributes[said].value
        {
            failure.error_type = std::mem::take(text);
            attributes.remove(said);
        }
    }
}
