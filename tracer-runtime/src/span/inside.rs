//! What code inside a span can record: attributes, events, checkpoints, errors.

use crate::clock;
use crate::mode;
use crate::record::{Event, EventKind, Failure, SpanDetails};
use crate::recorder::local;
use crate::recorder::reentrancy::Inside;
use crate::value::{KeyValue, Value};

/// Attributes of a span, and of an event.
const MAX_ATTRIBUTES: usize = 128;
/// Events of a span.
const MAX_EVENTS: usize = 128;
/// Bytes of an error message.
const MAX_MESSAGE_BYTES: usize = 1024;

/// Whether the current span records attributes, so that computing one is worth while.
#[inline]
pub fn recording() -> bool {
    mode::get() != 0 && local::with(|local| local.fragment_id.get() != 0).unwrap_or(false)
}

/// Records an attribute on the current span; a no-op where there is none.
///
/// The value is not bounded in length here, but in what all records may hold together: beyond that it is dropped and
/// counted on the span.
///
/// ```
/// tracer_runtime::record("order.id", 7);
/// ```
pub fn record(key: &'static str, value: impl Into<Value>) {
    if recording() {
        attribute(key, value.into());
    }
}

/// [`record`] for a value that is one already.
#[inline(never)]
pub fn attribute(key: &'static str, value: Value) {
    let attribute = KeyValue {
        key: key.into(),
        value,
    };
    let bytes = size_of::<KeyValue>() + attribute.value.heap_bytes();
    on_current_span(bytes, |details, room| {
        match room && details.attributes.len() < MAX_ATTRIBUTES {
            true => set(&mut details.attributes, attribute),
            false => details.dropped_attributes += 1,
        }
    });
}

/// The last value of a key counts.
fn set(attributes: &mut Vec<KeyValue>, attribute: KeyValue) {
    match attributes
        .iter_mut()
        .find(|known| known.key == attribute.key)
    {
        Some(known) => known.value = attribute.value,
        None => attributes.push(attribute),
    }
}

/// Records an event. Use the [`event!`](crate::event) and [`checkpoint!`](crate::checkpoint) macros.
#[doc(hidden)]
#[inline(never)]
pub fn add_event(kind: EventKind, name: &'static str, mut attributes: Vec<KeyValue>) {
    let dropped_attributes = attributes.len().saturating_sub(MAX_ATTRIBUTES) as u32;
    attributes.truncate(MAX_ATTRIBUTES);
    let heap: usize = attributes
        .iter()
        .map(|a| size_of::<KeyValue>() + a.value.heap_bytes())
        .sum();
    let event = Event {
        kind,
        name,
        time: clock::now(),
        attributes,
        dropped_attributes,
    };
    on_current_span(size_of::<Event>() + heap, |details, room| {
        match room && details.events.len() < MAX_EVENTS {
            true => details.events.push(event),
            false => details.dropped_events += 1,
        }
    });
}

/// Marks the current span as failed with this error, whatever its function returns.
///
/// ```
/// let error = "x".parse::<u8>().unwrap_err();
/// tracer_runtime::set_error(&error);
/// ```
pub fn set_error<E: std::error::Error + ?Sized>(error: &E) {
    if !recording() {
        return;
    }
    let failure = failure_of(error);
    on_current_span(
        size_of::<Failure>() + MAX_MESSAGE_BYTES,
        |details, _room| details.failure = Some(Box::new(failure)),
    );
}

/// What is recorded of an error: its type, what it says, what its sources say.
pub(crate) fn failure_of<E: std::error::Error + ?Sized>(error: &E) -> Failure {
    let chain = std::iter::successors(error.source(), |e| e.source()).take(16);
    Failure {
        error_type: std::any::type_name::<E>().into(),
        message: Some(cut(error.to_string())),
        chain: chain.map(|e| cut(e.to_string())).collect(),
    }
}

/// At most 1 KiB, on a character boundary.
pub(crate) fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary_of(MAX_MESSAGE_BYTES));
    text
}

trait FloorCharBoundary {
    fn floor_char_boundary_of(&self, index: usize) -> usize;
}

impl FloorCharBoundary for str {
    fn floor_char_boundary_of(&self, index: usize) -> usize {
        if index >= self.len() {
            return self.len();
        }
        (0..=index)
            .rev()
            .find(|&i| self.is_char_boundary(i))
            .unwrap_or(0)
    }
}

/// Changes the details of the current span; `room` says whether the byte budget allows for `bytes` more.
fn on_current_span(bytes: usize, change: impl FnOnce(&mut SpanDetails, bool)) {
    if mode::get() == 0 {
        return;
    }
    local::with(|local| {
        let span = local.span.get();
        local.inspect(|fragment| {
            let Some(_inside) = Inside::enter() else {
                return;
            };
            let room = fragment.details.claim(bytes);
            fragment.make_special();
            change(fragment.details.of(span), room);
        });
    });
}
