//! What code inside a span can record: attributes, events, checkpoints, errors.

use std::borrow::Cow;

use super::capture::Form;
use super::context::current_ids;
use crate::callsite::{Callsite, Level};
use crate::clock;
use crate::context::Link;
use crate::export::logs::{self, LogRecord};
use crate::id::SpanId;
use crate::mode;
use crate::record::{Event, EventKind, Failure, SpanDetails};
use crate::recorder::budget::Claim;
use crate::recorder::fragment::Fragment;
use crate::recorder::local;
use crate::recorder::reentrancy::Inside;
use crate::rpc::RpcInfo;
use crate::subscriber;
use crate::value::{KeyValue, Value};

/// Attributes of a span, and of an event.
pub(crate) const MAX_ATTRIBUTES: usize = 128;
/// Events of a span.
pub(crate) const MAX_EVENTS: usize = 128;
/// Links of a span.
pub(crate) const MAX_LINKS: usize = 128;
/// Bytes of an error message.
const MAX_MESSAGE_BYTES: usize = 1024;

/// Whether the current span records attributes, so that computing one is worth while.
#[inline]
pub fn recording() -> bool {
    mode::get() != 0 && is_inside()
}

/// Whether anybody wants the fields of the call of this callsite that has just become current. Where our span is off, the
/// current one is its caller's.
#[inline]
pub fn recording_of(site: &'static Callsite) -> bool {
    !mode::is_off() && records_fields_of(site)
}

#[inline(never)]
fn records_fields_of(site: &'static Callsite) -> bool {
    let ours = site.has_spans() && mode::get() != 0 && is_here();
    (subscriber::waits() && subscriber::before(site, ours)) || ours
}

/// After what is recorded where [`recording_of`] says so.
#[inline(never)]
pub fn recorded_of(site: &'static Callsite) {
    if subscriber::waits() {
        subscriber::after(site);
    }
}

/// Whether anybody wants to know what a call of this callsite, which is about to end, has returned.
#[inline]
pub fn recording_end_of(site: &'static Callsite) -> bool {
    !mode::is_off() && records_end_of(site) != Ends::Nowhere
}

/// Where what a call has returned is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Nowhere,
    Ours,
    Theirs,
    Both,
}

#[inline(never)]
fn records_end_of(site: &'static Callsite) -> Ends {
    let ours = mode::get() != 0 && site.has_spans() && is_inside();
    match (ours, subscriber::is_there() && subscriber::is_current(site)) {
        (true, true) => Ends::Both,
        (true, false) => Ends::Ours,
        (false, true) => Ends::Theirs,
        (false, false) => Ends::Nowhere,
    }
}

/// Out of line: whoever inlines a thread-local compiles all that is destroyed with it.
#[inline(never)]
fn is_inside() -> bool {
    is_here()
}

#[inline(always)]
fn is_here() -> bool {
    // Where the recorder is not open, no fragment is active.
    local::unchecked(|local| local.fragment_id.get() != 0).unwrap_or(false)
}

/// Records an attribute on the current span; a no-op where there is none. A `tracing` subscriber learns of it where its own
/// current span has declared a field of that name.
///
/// The value is not bounded in length here, but in what all records may hold together: beyond that it is dropped and
/// counted on the span.
///
/// ```
/// tracer_runtime::record("order.id", 7);
/// ```
pub fn record(key: &'static str, value: impl Into<Value>) {
    if recording() || subscriber::is_there() {
        record_anywhere(key, value.into());
    }
}

#[inline(never)]
fn record_anywhere(key: &'static str, value: Value) {
    if subscriber::is_there() {
        subscriber::record(key, &value, Form::Plain);
    }
    attribute(key, value);
}

/// Records an attribute where [`recording_of`] asked for it; `None` records nothing.
#[inline(never)]
pub(super) fn put(key: &'static str, value: Option<Value>, form: Form) {
    if let Some(value) = value
        && (!subscriber::waits() || subscriber::put(key, &value, form))
    {
        attribute(key, value);
    }
}

/// Records what a call of this callsite has returned; `None` records nothing.
#[inline(never)]
pub fn put_end(site: &'static Callsite, key: &'static str, value: Option<Value>) {
    let (Some(value), ends) = (value, records_end_of(site)) else {
        return;
    };
    if let Ends::Theirs | Ends::Both = ends {
        subscriber::record(key, &value, Form::Text);
    }
    if let Ends::Ours | Ends::Both = ends {
        attribute(key, value);
    }
}

/// Records an attribute on our current span.
#[inline(never)]
pub fn attribute(key: &'static str, value: Value) {
    let attribute = KeyValue {
        key: key.into(),
        value,
    };
    on_current_span(|details, claim| {
        if !set(&mut details.attributes, attribute, claim) {
            details.dropped_attributes += 1;
        }
    });
}

/// The last value of a key counts. False where there is no room.
pub(crate) fn set(attributes: &mut Vec<KeyValue>, attribute: KeyValue, claim: &mut Claim) -> bool {
    let heap = attribute.value.heap_bytes();
    let Some(known) = attributes.iter_mut().find(|a| a.key == attribute.key) else {
        return attributes.len() < MAX_ATTRIBUTES
            && push_within(attributes, attribute, heap, claim);
    };
    // The room of the value before is used again, so that a value that changes for ever does not eat the budget up.
    let more = heap.saturating_sub(known.value.heap_bytes());
    if !claim.grow(more) {
        return false;
    }
    if more == 0 {
        claim.shrink(known.value.heap_bytes() - heap);
    }
    known.value = attribute.value;
    true
}

/// Adds an item that holds `heap` more bytes. False, and nothing added, when the budget is used up.
pub(crate) fn push_within<T>(list: &mut Vec<T>, item: T, heap: usize, claim: &mut Claim) -> bool {
    let places = if list.len() == list.capacity() {
        list.len().max(4)
    } else {
        0
    };
    if !claim.grow(places * size_of::<T>() + heap) {
        return false;
    }
    list.reserve_exact(places);
    list.push(item);
    true
}

/// What a span begins with.
pub(super) fn begin_with(
    details: &mut SpanDetails,
    claim: &mut Claim,
    mut links: Vec<Link>,
    attributes: Vec<KeyValue>,
) {
    details.dropped_links = links.len().saturating_sub(MAX_LINKS) as u32;
    links.truncate(MAX_LINKS);
    links.shrink_to_fit();
    if claim.grow(size_of_val(links.as_slice())) {
        details.links = links;
    } else {
        details.dropped_links += links.len() as u32;
    }
    for attribute in attributes {
        if !set(&mut details.attributes, attribute, claim) {
            details.dropped_attributes += 1;
        }
    }
}

/// Records an event. Use the [`event!`](crate::event) and [`checkpoint!`](crate::checkpoint) macros.
#[doc(hidden)]
#[inline(never)]
pub fn add_event(
    kind: EventKind,
    module: &'static str,
    name: &'static str,
    mut attributes: Vec<KeyValue>,
) {
    if logs::is_on() && kind == EventKind::Event {
        log_event(module, name, &attributes);
    }
    let dropped_attributes = attributes.len().saturating_sub(MAX_ATTRIBUTES) as u32;
    attributes.truncate(MAX_ATTRIBUTES);
    let event = Event {
        kind,
        name: name.into(),
        time: clock::now(),
        unix_ns: None,
        attributes,
        dropped_attributes,
    };
    on_current_span(|details, claim| push_event(details, event, claim));
}

/// Records an event that is made already, and why the span failed, unless that is known.
#[cfg(feature = "tracing")]
pub(crate) fn file_event(event: Event, failure: Option<Failure>) {
    on_current_span(|details, claim| {
        push_event(details, event, claim);
        if let Some(failure) = failure {
            put_failure(details, failure, claim);
        }
    });
}

/// Where there is room.
pub(super) fn push_event(details: &mut SpanDetails, event: Event, claim: &mut Claim) {
    let room = details.events.len() < MAX_EVENTS;
    let heap = event_bytes(&event);
    if !(room && push_within(&mut details.events, event, heap, claim)) {
        details.dropped_events += 1;
    }
}

/// What it holds beside itself.
pub(super) fn event_bytes(event: &Event) -> usize {
    let name = match &event.name {
        Cow::Owned(name) => name.capacity(),
        Cow::Borrowed(_) => 0,
    };
    let attributes = event.attributes.iter();
    let attributes = attributes.map(|a| size_of::<KeyValue>() + a.value.heap_bytes());
    name + attributes.sum::<usize>()
}

/// The last failure that says something counts.
#[cfg(feature = "tracing")]
pub(super) fn put_failure(details: &mut SpanDetails, failure: Failure, claim: &mut Claim) {
    if failure.message.is_none() && details.failure.is_some() {
        return;
    }
    let before = details.failure.as_ref().map_or(0, |before| before.bytes());
    if claim.grow(failure.bytes()) {
        claim.shrink(before);
        details.failure = Some(Box::new(failure));
    }
}

/// The event as a log record of the current span.
#[cold]
#[inline(never)]
fn log_event(module: &'static str, name: &'static str, attributes: &[KeyValue]) {
    logs::emit(LogRecord {
        unix_ns: clock::scale().unix_ns(clock::now()),
        level: Level::Info,
        target: module.into(),
        event_name: Some(name.into()),
        message: None,
        attributes: attributes.to_vec(),
        ids: current_ids(),
    });
}

/// Says which call between services the current span stands for. When it is over: as long as anything is known of a span
/// that is open, the ends of its children are not the usual ones.
pub(crate) fn attach_rpc(rpc: &RpcInfo) {
    on_current_fragment(|fragment, span| {
        if fragment.details.attach(span, rpc) {
            fragment.special = true;
            fragment.plain = false;
        }
    });
}

/// Makes the current call an `error` with this error: in its span, and in its metrics. A panic and a cancellation stay what
/// they are, and an error that the function returns counts before this one.
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
    on_current_span(|details, claim| {
        let before = details.failure.as_ref().map_or(0, |before| before.bytes());
        if claim.grow(failure.bytes()) {
            claim.shrink(before);
            details.failure = Some(Box::new(failure));
        }
    });
}

/// What is recorded of an error: its type, what it says, what its sources say.
#[inline]
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

/// Changes the details of the current span, within what the byte budget allows.
fn on_current_span(change: impl FnOnce(&mut SpanDetails, &mut Claim)) {
    on_current_fragment(|fragment, span| {
        if let Some((details, claim)) = fragment.details.of(span) {
            fragment.special = true;
            fragment.plain = false;
            change(details, claim);
        }
    });
}

/// Changes what is known of the current span, whose id it is told.
#[inline(always)]
fn on_current_fragment(change: impl FnOnce(&mut Fragment, SpanId)) {
    if mode::get() == 0 {
        return;
    }
    local::with(|local| {
        let span = local.span.get();
        local.inspect(|fragment| {
            if let Some(_inside) = Inside::enter() {
                change(fragment, span);
            }
        });
    });
}
