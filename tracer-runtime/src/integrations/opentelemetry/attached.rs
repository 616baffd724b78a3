//! Contexts of the API that are attached to this thread, and what becomes current of ours with them.

use std::cell::{Cell, RefCell};

use opentelemetry::Context as OtelContext;
use opentelemetry::context::ContextObserver;
use opentelemetry::trace::{SpanContext, TraceContextExt as _};

use super::convert::{span_of, trace_of};
use super::span::{give, keeps_its_own, place_of};
use super::start::remote;
use crate::id::SpanId;
use crate::mode;
use crate::recorder::local::{self, Local};
use crate::recorder::reentrancy::Inside;
use crate::recorder::verdict;
use crate::span::place::Place;

/// A context that was attached, and what was current before.
#[derive(Debug)]
struct Attached {
    /// [`SpanId::INVALID`] for a context without a span.
    span: SpanId,
    before: SpanId,
    /// Active before.
    fragment: u64,
    /// Opened for it, or 0.
    opened: u64,
    /// Of a span that is ours already: nothing is made current by it, nor by its end.
    quiet: bool,
}

thread_local! {
    /// Of the latest entry, for those who only ask.
    static TOP: Cell<SpanId> = const { Cell::new(SpanId::INVALID) };
    static ATTACHED: RefCell<Vec<Attached>> = const { RefCell::new(Vec::new()) };
    /// What is attached changes nothing of ours.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Whether the span that a context names is around what is current: the context is the one that is attached here, and
/// whatever is current has begun inside of it.
pub(super) fn is_around(local: &Local, named: &SpanContext) -> bool {
    local.fragment_id.get() != 0 && TOP.get() == span_of(named)
}

/// Runs something that attaches contexts of spans that are ours already.
#[cfg(feature = "tracing-opentelemetry")]
pub(crate) fn quietly<R>(run: impl FnOnce() -> R) -> R {
    struct Quiet(bool);

    impl Drop for Quiet {
        fn drop(&mut self) {
            QUIET.set(self.0);
        }
    }

    let _quiet = Quiet(QUIET.replace(true));
    run()
}

/// Whether the context that was attached last is one of [`quietly`].
#[cfg(feature = "tracing-opentelemetry")]
pub(crate) fn is_quiet() -> bool {
    let quiet = ATTACHED.try_with(|attached| {
        let attached = attached.try_borrow().ok()?;
        attached.last().map(|top| top.quiet)
    });
    quiet.ok().flatten() == Some(true)
}

/// Hears of every context that is attached and detached, while the API's own list of them is locked.
pub(super) struct Observer;

impl ContextObserver for Observer {
    fn on_context_enter(&self, from: &OtelContext, to: &OtelContext) {
        if mode::get() != 0 && !is_same_span(from, to) {
            local::with(|local| enter(local, to));
        }
    }

    fn on_context_exit(&self, from: &OtelContext, to: &OtelContext) {
        if !is_same_span(from, to) {
            local::with(|local| exit(local, from, to));
        }
    }
}

fn is_same_span(one: &OtelContext, other: &OtelContext) -> bool {
    one.span().span_context().span_id() == other.span().span_context().span_id()
}

/// Whether the context may be that of a span that our own layer has just made current: whichever comes first, the span is
/// one. Contexts of others inside of it are not told from that.
#[cfg(feature = "tracing-opentelemetry")]
fn is_of_another_layer(local: &Local) -> bool {
    use crate::integrations::{tracing, tracing_opentelemetry};

    tracing_opentelemetry::has_been_seen() && tracing::is_innermost(local.span.get())
}

#[cfg(not(feature = "tracing-opentelemetry"))]
const fn is_of_another_layer(_: &Local) -> bool {
    false
}

fn enter(local: &Local, context: &OtelContext) {
    let span = context.span();
    let named = span.span_context();
    let mut entry = Attached {
        span: SpanId::INVALID,
        before: local.span.get(),
        fragment: local.fragment_id.get(),
        opened: 0,
        quiet: QUIET.get() || is_of_another_layer(local),
    };
    if named.is_valid() {
        entry.span = span_of(named);
        let is_here = entry.fragment != 0 && local.trace.get() == trace_of(named);
        match (entry.quiet, is_here) {
            (true, _) => {}
            (false, true) => local.span.set(entry.span),
            (false, false) => entry.opened = open(local, context, named).unwrap_or(0),
        }
    }
    let _ = ATTACHED.try_with(|attached| {
        if let Ok(mut attached) = attached.try_borrow_mut() {
            let _inside = (attached.len() == attached.capacity()).then(Inside::enter);
            TOP.set(entry.span);
            attached.push(entry);
        }
    });
}

/// Opens a fragment for what runs here below the span; its id.
fn open(local: &Local, context: &OtelContext, named: &SpanContext) -> Option<u64> {
    let place = match place_of(context) {
        Some(ours) => Place::below(ours),
        None => Place::below_parent(remote(named)),
    };
    let place = place?;
    let parent = place.parent;
    let fragment = place.open(local)?;
    let id = fragment.id;
    match local.push_quietly(fragment, parent) {
        Ok(()) => Some(id),
        Err(fragment) => {
            local.recycle(fragment);
            None
        }
    }
}

/// Contexts that were detached out of order go with the first one that was attached before them.
fn exit(local: &Local, from: &OtelContext, to: &OtelContext) {
    let below = span_of(to.span().span_context());
    while let Some(entry) = pop_above(below) {
        if entry.quiet {
            continue;
        }
        let has_span = local.fragment_id.get() != 0 && entry.span.is_valid();
        if has_span
            && span_of(from.span().span_context()) == entry.span
            && keeps_its_own(from)
            && let Some(details) = local.take_details(entry.span)
        {
            give(from, details);
        }
        if entry.opened != 0 {
            close(local, entry.opened);
        } else if has_span
            && local.fragment_id.get() == entry.fragment
            && local.span.get() == entry.span
        {
            local.span.set(entry.before);
        }
    }
}

/// The latest entry, unless it is the one of this span.
fn pop_above(span: SpanId) -> Option<Attached> {
    if TOP.get() == span {
        return None;
    }
    let popped = ATTACHED.try_with(|attached| {
        let mut attached = attached.try_borrow_mut().ok()?;
        let popped = attached.pop_if(|top| top.span != span);
        TOP.set(attached.last().map_or(SpanId::INVALID, |top| top.span));
        popped
    });
    popped.ok().flatten()
}

fn close(local: &Local, opened: u64) {
    let fragment = match local.fragment_id.get() == opened {
        true => local.pop_top(),
        false => {
            let _inside = Inside::enter();
            local.remove_suspended(opened)
        }
    };
    if let Some(fragment) = fragment {
        verdict::finish(Some(local), fragment);
    }
}
