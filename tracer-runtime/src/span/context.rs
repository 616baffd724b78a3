//! The current context: what leaves a task or thread so that work elsewhere joins its trace.

use std::marker::PhantomData;

use super::place::Place;
use crate::baggage::Baggage;
use crate::context::{Ids, Link};
use crate::id::{SpanId, TraceId};
use crate::mode;
use crate::recorder::local::{self, Escaped, Local};
use crate::recorder::reentrancy::Inside;
use crate::recorder::slot::Handle;
use crate::recorder::verdict;
use crate::subscriber::{self, Held};

/// Names a span of a trace. `Copy`, and free to go anywhere.
///
/// While the root of its trace runs in this process, work done under it joins that trace and its verdict; after that
/// it is treated like a parent in another service.
///
/// ```
/// use tracer_runtime::Context;
///
/// let context = Context::current();
/// std::thread::spawn(move || {
///     let _guard = context.attach();
///     // Calls of traced functions here are children of the context's span.
/// });
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Context {
    trace: TraceId,
    span: SpanId,
    sampled: bool,
    random: bool,
    /// What the trace takes along, by the handle's slot; 0 for nothing.
    carried: u32,
    handle: Option<Handle>,
}

/// Ends the attachment of a [`Context`] when dropped. Stays on its thread.
#[derive(Debug)]
#[must_use = "the context is detached when the guard is dropped; bind it to a name, not to `_`"]
pub struct ContextGuard {
    fragment: u64,
    held: Option<Held>,
    not_send: PhantomData<*const ()>,
}

/// The ids of the current span, for log lines. Unlike [`Context::current`] it does not prepare the trace to leave its
/// task, and costs next to nothing.
#[must_use]
pub fn current_ids() -> Option<Ids> {
    if mode::get() == 0 {
        return None;
    }
    local::with(|local| {
        let sampled = local.inspect(|fragment| fragment.sampled)?;
        Some(Ids {
            trace_id: local.trace.get(),
            span_id: local.span.get(),
            sampled,
        })
    })
    .flatten()
}

impl Context {
    /// Names nothing.
    pub(crate) const NONE: Self = Self {
        trace: TraceId::INVALID,
        span: SpanId::INVALID,
        sampled: false,
        random: false,
        carried: 0,
        handle: None,
    };

    /// The context of the innermost span that runs here; an invalid one where there is none.
    #[must_use]
    pub fn current() -> Self {
        if mode::get() == 0 {
            return Self::default();
        }
        let current = local::with(Self::here).flatten().unwrap_or_default();
        if subscriber::has_opened() && current.is_valid() {
            subscriber::note(current.span);
        }
        current
    }

    /// [`Self::current`] on the thread of this recorder; `None` where nothing is.
    pub(crate) fn here(local: &Local) -> Option<Self> {
        let escaped = local.escape()?;
        Some(Self::of(local.trace.get(), local.span.get(), &escaped))
    }

    /// [`Self::here`] that does not prepare the trace to leave its task: where nothing else has, work elsewhere is judged by
    /// itself, as below a caller in another service.
    #[cfg(feature = "tracing")]
    pub(crate) fn in_place(local: &Local) -> Option<Self> {
        local.inspect(|fragment| Self {
            trace: local.trace.get(),
            span: local.span.get(),
            sampled: fragment.sampled,
            random: fragment.random,
            carried: 0,
            handle: fragment.link.as_ref().map(|l| l.handle()).or(fragment.slot),
        })
    }

    /// Names a span of the trace that this has left.
    pub(crate) const fn of(trace: TraceId, span: SpanId, escaped: &Escaped) -> Self {
        Self {
            trace,
            span,
            sampled: escaped.sampled,
            random: escaped.random,
            carried: escaped.carried,
            handle: escaped.handle,
        }
    }

    /// Names another span of the same trace.
    pub(crate) const fn with_span(mut self, span: SpanId) -> Self {
        self.span = span;
        self
    }

    /// The trace.
    #[must_use]
    pub const fn trace_id(&self) -> TraceId {
        self.trace
    }

    /// The span.
    #[must_use]
    pub const fn span_id(&self) -> SpanId {
        self.span
    }

    /// Whether the trace was head-sampled.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.sampled
    }

    /// For a log line of its span.
    #[cfg(feature = "tracing")]
    pub(crate) const fn ids(&self) -> Ids {
        Ids {
            trace_id: self.trace,
            span_id: self.span,
            sampled: self.sampled,
        }
    }

    /// Whether it names a span at all.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.trace.is_valid() && self.span.is_valid()
    }

    /// What travels beside the trace; none once the root of the trace has ended.
    ///
    /// [`Baggage::current`] gives that of the running span for less.
    #[must_use]
    pub fn baggage(&self) -> Baggage {
        if self.carried == 0 {
            return Baggage::new();
        }
        let link = self.handle.and_then(Handle::upgrade);
        let carried = link.and_then(|link| link.carried(self.carried));
        carried.map_or_else(Baggage::new, |carried| carried.baggage.clone())
    }

    pub(crate) const fn is_random(&self) -> bool {
        self.random
    }

    pub(crate) const fn carried(&self) -> u32 {
        self.carried
    }

    pub(crate) const fn handle(&self) -> Option<Handle> {
        self.handle
    }

    /// Makes it the current context of this thread until the guard is dropped; in a `tracing` subscriber too, if that sees
    /// the span.
    pub fn attach(&self) -> ContextGuard {
        let fragment = if mode::get() == 0 || !self.is_valid() {
            0
        } else {
            self.open().unwrap_or(0)
        };
        let held = Held::of(self.span);
        if let Some(held) = &held {
            held.enter();
        }
        ContextGuard {
            fragment,
            held,
            not_send: PhantomData,
        }
    }

    fn open(self) -> Option<u64> {
        let place = Place::below(self)?;
        local::with(|local| {
            let parent = place.parent;
            let fragment = place.open(local)?;
            let id = fragment.id;
            match local.push_top(fragment, parent) {
                Ok(()) => Some(id),
                Err(fragment) => {
                    local.recycle(fragment);
                    None
                }
            }
        })
        .flatten()
    }
}

impl From<Context> for Link {
    fn from(context: Context) -> Self {
        Self::new(context.trace, context.span, context.sampled)
    }
}

impl From<&Context> for Link {
    fn from(context: &Context) -> Self {
        (*context).into()
    }
}

impl Drop for ContextGuard {
    fn drop(&mut self) {
        if let Some(held) = &self.held {
            held.leave();
        }
        if self.fragment == 0 {
            return;
        }
        local::with(|local| {
            let fragment = if local.fragment_id.get() == self.fragment {
                local.pop_top()
            } else {
                let _inside = Inside::enter();
                local.remove_suspended(self.fragment)
            };
            if let Some(fragment) = fragment {
                verdict::finish(Some(local), fragment);
            }
        });
    }
}
