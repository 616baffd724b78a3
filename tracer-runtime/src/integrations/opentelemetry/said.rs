//! What a span of the API has said, as it is kept until somebody reads it: in the API's own values.

use std::borrow::Cow;

use opentelemetry::KeyValue as OtelKeyValue;

use super::convert::key_value_of;
use super::scope::Scope;
use crate::context::Link;
use crate::record::{Event, Foreign, SpanDetails};
use crate::span::inside::MAX_ATTRIBUTES;
use crate::value::KeyValue;

/// What a span of the API has said; its attributes in the API's own values, which are read where the span is.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) scope: &'static Scope,
    attributes: Vec<OtelKeyValue>,
    pub(super) events: Vec<Event>,
    pub(super) links: Vec<Link>,
    pub(super) dropped_attributes: u32,
    pub(super) dropped_events: u32,
    pub(super) dropped_links: u32,
}

impl Said {
    pub(super) const fn nothing(scope: &'static Scope) -> Self {
        Self {
            scope,
            attributes: Vec::new(),
            events: Vec::new(),
            links: Vec::new(),
            dropped_attributes: 0,
            dropped_events: 0,
            dropped_links: 0,
        }
    }

    #[inline]
    pub(super) fn attribute(&mut self, attribute: OtelKeyValue) -> bool {
        let has_room = self.attributes.len() < MAX_ATTRIBUTES;
        if has_room {
            self.attributes.push(attribute);
        }
        has_room
    }

    /// Takes all of it out, the last value of each key.
    pub(crate) fn spell_out(&mut self) -> SpanDetails {
        let said = std::mem::replace(self, Self::nothing(self.scope));
        let attributes = spelled(said.attributes.into_iter());
        SpanDetails {
            attributes,
            events: said.events,
            links: said.links,
            dropped_attributes: said.dropped_attributes,
            dropped_events: said.dropped_events,
            dropped_links: said.dropped_links,
            ..SpanDetails::default()
        }
    }
}

/// What a finished span has said that has said attributes alone, which are in a list with those of others.
#[derive(Debug)]
pub(crate) struct Short {
    name: Cow<'static, str>,
    scope: &'static Scope,
    start_unix_ns: Option<u64>,
    end_unix_ns: Option<u64>,
    /// The place of the first.
    first: u32,
    number: u8,
    is_ok: bool,
}

impl Short {
    /// Moves what was said to the end of the lists, which are for all of a fragment; its place. `None`, and nothing done, where
    /// more was said.
    #[inline]
    pub(crate) fn file(
        foreign: &mut Foreign,
        all: &mut Vec<Self>,
        attributes: &mut Vec<OtelKeyValue>,
    ) -> Option<usize> {
        let said = foreign.otel.as_mut()?;
        let first = u32::try_from(attributes.len()).ok()?;
        if !said.is_short() || foreign.name.is_none() {
            return None;
        }
        attributes.append(&mut said.attributes);
        // Made where it stays: a copy of what was just written waits for the processor.
        all.push(Self {
            name: foreign.name.take()?,
            scope: said.scope,
            start_unix_ns: foreign.start_unix_ns,
            end_unix_ns: foreign.end_unix_ns,
            first,
            number: (attributes.len() - first as usize) as u8,
            is_ok: foreign.is_ok,
        });
        Some(all.len() - 1)
    }

    /// Takes all of it out.
    pub(crate) fn spell_out(&mut self, list: &mut [OtelKeyValue]) -> SpanDetails {
        let first = self.first as usize;
        let said = list.get_mut(first..first + usize::from(self.number));
        let taken = |a: &mut OtelKeyValue| std::mem::replace(a, OtelKeyValue::new("", false));
        SpanDetails {
            attributes: spelled(said.into_iter().flatten().map(taken)),
            foreign: Some(Box::new(Foreign {
                name: Some(std::mem::take(&mut self.name)),
                verbatim: true,
                is_ok: self.is_ok,
                start_unix_ns: self.start_unix_ns,
                end_unix_ns: self.end_unix_ns,
                otel: Some(Said::nothing(self.scope)),
            })),
            ..SpanDetails::default()
        }
    }
}

impl Said {
    /// Whether nothing is left but room for a few attributes, after its [`Short`] was made.
    #[inline]
    pub(super) fn is_blank(&self) -> bool {
        self.attributes.is_empty() && self.attributes.capacity() <= 16
    }

    #[inline]
    fn is_short(&self) -> bool {
        let dropped = self.dropped_attributes + self.dropped_events + self.dropped_links;
        self.events.is_empty() && self.links.is_empty() && dropped == 0
    }
}

/// The last value of each key.
fn spelled(said: impl Iterator<Item = OtelKeyValue>) -> Vec<KeyValue> {
    let mut attributes: Vec<KeyValue> = Vec::with_capacity(said.size_hint().0);
    for attribute in said.map(key_value_of) {
        let known = attributes.iter_mut().find(|a| a.key == attribute.key);
        match known {
            Some(known) => *known = attribute,
            None => attributes.push(attribute),
        }
    }
    attributes
}
