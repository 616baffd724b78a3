//! Our spans in the contexts of the API, for code that reads `opentelemetry::Context::current()`.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::SystemTime;

use opentelemetry::trace::{SpanContext, Status, TraceContextExt as _};
use opentelemetry::{Context as ApiContext, ContextGuard, KeyValue as OtelKeyValue};

use super::convert::{key_value_of, link_of, unix_ns};
use super::span::Span;
use super::start::span_context;
use crate::clock;
use crate::mode;
use crate::record::{Event, EventKind, Failure, SpanDetails};
use crate::recorder::budget::Claim;
use crate::recorder::local::{self, Local};
use crate::recorder::reentrancy::Inside;
use crate::span::context::Context;
use crate::span::inside::{MAX_EVENTS, MAX_LINKS, cut, push_within, set as set_within};
use crate::value::KeyValue;

/// Which of our spans code finds that asks `opentelemetry::Context::current()` for the current span.
///
/// Spans that are started through the API find their parent without it, whatever is chosen here. What it costs a span is
/// in `cargo bench -p tracer-runtime --bench compare`, rows "in the context of OpenTelemetry".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OtelContext {
    /// None.
    Off,
    /// Those that serve somebody elsewhere: that continue a caller in another service, or are of the kind
    /// [`Server`](crate::SpanKind::Server) or [`Consumer`](crate::SpanKind::Consumer). Code further down finds that span,
    /// not the calls between; in another task it finds none, as ever with the API's contexts.
    #[default]
    EntrySpans,
    /// Every one. Each call then pays for an entry span, and for joining its trace as a task does.
    AllSpans,
}

static CHOSEN: AtomicU8 = AtomicU8::new(OtelContext::Off as u8);

/// A context of ours that is attached while a fragment is active.
struct Own {
    fragment: u64,
    guard: ContextGuard,
}

thread_local! {
    /// Whether [`OWN`] has been initialised.
    static READY: Cell<bool> = const { Cell::new(false) };
    /// How many are in [`OWN`].
    static ATTACHED: Cell<usize> = const { Cell::new(0) };
    /// Initialised after the API's own list, so that it is dropped before.
    static OWN: RefCell<Vec<Own>> = const { RefCell::new(Vec::new()) };
}

/// From now on.
pub(crate) fn set(chosen: OtelContext) {
    CHOSEN.store(chosen as u8, Relaxed);
    match chosen {
        OtelContext::AllSpans => mode::set(mode::APART),
        OtelContext::Off | OtelContext::EntrySpans => mode::clear(mode::APART),
    }
}

/// Whether spans are shown at all.
#[inline(always)]
pub(crate) fn has_contexts() -> bool {
    CHOSEN.load(Relaxed) != OtelContext::Off as u8
}

/// A fragment has become the active one.
#[inline(always)]
pub(crate) fn entered(local: &Local) {
    if has_contexts()
        && (mode::is_apart() || local.inspect(|fragment| fragment.entry) == Some(true))
    {
        attach(local);
    }
}

#[cold]
#[inline(never)]
fn attach(local: &Local) {
    let Some(context) = Context::here(local) else {
        return;
    };
    let carried = local.inspect(|fragment| fragment.carried.clone());
    let named = span_context(&context, carried.flatten().as_deref());
    if READY.get() && OWN.try_with(|_| ()).is_err() {
        // The thread ends, and the API would panic.
        return;
    }
    // So it does where its list is in use: inside of `Context::map_current`.
    let attached = catch_unwind(AssertUnwindSafe(|| {
        let span = Span::standing(named, context);
        let above = ApiContext::map_current(|current| current.with_span(span));
        READY.set(true);
        OWN.try_with(|_| ()).ok().map(|()| above.attach())
    }));
    let Ok(Some(guard)) = attached else {
        return;
    };
    let fragment = local.fragment_id.get();
    let _inside = Inside::enter();
    let _ = OWN.try_with(|own| {
        if let Ok(mut own) = own.try_borrow_mut() {
            own.push(Own { fragment, guard });
            ATTACHED.set(own.len());
        }
    });
}

/// The active fragment is about to leave the thread.
#[inline(always)]
pub(crate) fn leaving(local: &Local) {
    if ATTACHED.get() != 0 {
        detach(local);
    }
}

#[cold]
#[inline(never)]
fn detach(local: &Local) {
    let fragment = local.fragment_id.get();
    let place = OWN.try_with(|own| {
        let own = own.try_borrow().ok()?;
        own.iter().rposition(|own| own.fragment == fragment)
    });
    // What is above it is of fragments that were taken out of their order.
    let Some(place) = place.ok().flatten() else {
        return;
    };
    while let Some(own) = pop_from(place) {
        drop(own.guard);
    }
}

/// The active fragment has another id.
pub(crate) fn renamed(from: u64, to: u64) {
    if ATTACHED.get() == 0 {
        return;
    }
    let _ = OWN.try_with(|own| {
        if let Ok(mut own) = own.try_borrow_mut()
            && let Some(own) = own.iter_mut().rfind(|own| own.fragment == from)
        {
            own.fragment = to;
        }
    });
}

/// Whether the API's own list of contexts can be asked on this thread: it panics once the thread ends.
#[cfg(feature = "tracing-opentelemetry")]
pub(crate) fn can_ask() -> bool {
    if !READY.get() {
        ApiContext::map_current(|_| ());
        READY.set(true);
    }
    OWN.try_with(|_| ()).is_ok()
}

fn pop_from(place: usize) -> Option<Own> {
    let popped = OWN.try_with(|own| {
        let mut own = own.try_borrow_mut().ok()?;
        let popped = (own.len() > place).then(|| own.pop()).flatten();
        ATTACHED.set(own.len());
        popped
    });
    popped.ok().flatten()
}

// === what code says of a span that it has found ===

/// Changes what is recorded of a span, where its trace is active on this thread.
fn on(context: Context, change: impl FnOnce(&mut SpanDetails, &mut Claim)) {
    local::with(|local| {
        if local.fragment_id.get() == 0 || local.trace.get() != context.trace_id() {
            return;
        }
        local.inspect(|fragment| {
            let Some(_inside) = Inside::enter() else {
                return;
            };
            if let Some((details, claim)) = fragment.details.of(context.span_id()) {
                fragment.special = true;
                fragment.plain = false;
                change(details, claim);
            }
        });
    });
}

pub(super) fn set_attribute(context: Context, attribute: OtelKeyValue) {
    let attribute = key_value_of(attribute);
    on(context, |details, claim| {
        if !set_within(&mut details.attributes, attribute, claim) {
            details.dropped_attributes += 1;
        }
    });
}

pub(super) fn add_event(
    context: Context,
    name: Cow<'static, str>,
    time: SystemTime,
    attributes: Vec<OtelKeyValue>,
) {
    let unix_ns = unix_ns(time);
    let attributes: Vec<KeyValue> = attributes.into_iter().map(key_value_of).collect();
    let heap = |a: &KeyValue| size_of::<KeyValue>() + a.value.heap_bytes();
    let held: usize = attributes.iter().map(heap).sum();
    let event = Event {
        kind: EventKind::Event,
        name,
        time: clock::scale().tick_at(unix_ns),
        unix_ns: Some(unix_ns),
        attributes,
        dropped_attributes: 0,
    };
    on(context, |details, claim| {
        let room = details.events.len() < MAX_EVENTS;
        if !(room && push_within(&mut details.events, event, held, claim)) {
            details.dropped_events += 1;
        }
    });
}

pub(super) fn add_link(context: Context, to: &SpanContext, attributes: Vec<OtelKeyValue>) {
    let link = link_of(to, attributes);
    let held = size_of_val(link.attributes.as_slice());
    on(context, |details, claim| {
        let room = details.links.len() < MAX_LINKS;
        if !(room && push_within(&mut details.links, link, held, claim)) {
            details.dropped_links += 1;
        }
    });
}

/// An error makes the call one, as [`set_error`](crate::set_error) does; what went well is for the call to say.
pub(super) fn set_status(context: Context, status: Status) {
    let Status::Error { description } = status else {
        return;
    };
    let failure = Failure {
        message: (!description.is_empty()).then(|| cut(description.into_owned())),
        ..Failure::default()
    };
    on(context, |details, claim| {
        if claim.grow(failure.bytes()) {
            details.failure = Some(Box::new(failure));
        }
    });
}

pub(super) fn rename(context: Context, name: Cow<'static, str>) {
    on(context, |details, claim| {
        if claim.grow(name.len()) {
            details.foreign.get_or_insert_default().name = Some(name);
        }
    });
}
