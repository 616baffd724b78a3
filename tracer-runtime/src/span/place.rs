//! Where a fragment is opened: below a context, below a caller in another service, for a trace that begins.

use std::sync::Arc;

use super::context::Context;
use crate::clock;
use crate::context::Remote;
use crate::id::{SpanId, TraceId};
use crate::mode;
use crate::recorder::captures;
use crate::recorder::fragment::Fragment;
use crate::recorder::local::Local;
use crate::recorder::pipeline::{GLOBAL, Tether};
use crate::recorder::slot::SlotRef;

/// A place to open a fragment at.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) trace: TraceId,
    pub(crate) parent: SpanId,
    pub(crate) sampled: bool,
    remote: bool,
    link: Option<SlotRef>,
    pipe: Option<Tether>,
    tracestate: Option<Arc<str>>,
}

impl Place {
    /// Below a context; `None` where nothing would be recorded.
    pub(crate) fn below(context: Context) -> Option<Self> {
        let link = context.handle().and_then(|handle| handle.upgrade());
        let pipe = pipe_of(context.trace_id(), link.as_ref(), captures::of)?;
        let sampled = context.is_sampled();
        Some(Self {
            trace: context.trace_id(),
            parent: context.span_id(),
            sampled,
            remote: link.is_none(),
            link,
            pipe,
            tracestate: None,
        })
    }

    /// Whether its parent is what is current on this thread.
    pub(super) fn is_here(&self, local: &Local) -> bool {
        local.fragment_id.get() != 0
            && local.trace.get() == self.trace
            && local.span.get() == self.parent
    }

    pub(super) fn below_remote(remote: Remote) -> Option<Self> {
        let pipe = pipe_of(remote.trace_id, None, captures::of_remote)?;
        let policy = pipe
            .as_ref()
            .map_or(&GLOBAL.policy, |pipe| &pipe.pipeline().policy);
        Some(Self {
            trace: remote.trace_id,
            parent: remote.span_id,
            sampled: policy.samples_remote(remote.trace_id, remote.flags & 1 != 0),
            remote: true,
            link: None,
            pipe,
            tracestate: remote.tracestate,
        })
    }

    /// Opens the fragment; its id is that of the span that owns it, where one does.
    pub(crate) fn open(self, local: &Local) -> Option<Box<Fragment>> {
        let policy = self.pipe.as_ref().map(|pipe| &pipe.pipeline().policy);
        let here = policy.unwrap_or(&GLOBAL.policy).samples(self.trace);
        let id = match self.sampled == here {
            true => local.next_span().0,
            false => local.next_span().overruling().0,
        };
        let mut fragment = match self.link {
            Some(_) => local.task_fragment()?,
            None => local.fragment(id, self.trace, self.sampled)?,
        };
        fragment.id = id;
        fragment.trace = self.trace;
        fragment.sampled = self.sampled;
        fragment.opened = clock::now();
        fragment.remote_parent = self.remote.then_some(self.parent);
        fragment.special = self.pipe.is_some();
        fragment.link = self.link;
        fragment.pipe = self.pipe;
        fragment.tracestate = self.tracestate;
        Some(fragment)
    }
}

/// The pipeline of a trace that is known already: `None` when nobody records it, `Some(None)` for the process's.
#[inline]
fn pipe_of(
    trace: TraceId,
    link: Option<&SlotRef>,
    capture_of: fn(TraceId) -> Option<Tether>,
) -> Option<Option<Tether>> {
    let mode = mode::get();
    if mode == mode::INITIALISED {
        return Some(None);
    }
    if mode & mode::CAPTURING != 0 {
        let known = link.and_then(SlotRef::pipe).or_else(|| capture_of(trace));
        // Whose trace it is cannot be known when its root lives elsewhere: whoever watches this thread sees it.
        let unknown = link.is_none() || mode & mode::INITIALISED == 0;
        let pipe = known.or_else(|| unknown.then(|| captures::adopt(trace)).flatten());
        if pipe.is_some() {
            return Some(pipe);
        }
    }
    (mode & mode::INITIALISED != 0).then_some(None)
}

/// Where a trace begins; `None` where nobody records it.
pub(super) fn new_trace(local: &Local) -> Option<Place> {
    let trace = local.random_trace();
    let pipe = captures::here();
    if pipe.is_none() && mode::get() & mode::INITIALISED == 0 {
        return None;
    }
    let sampled = match &pipe {
        Some(pipe) => {
            if let Some(live) = &pipe.pipeline().live {
                live.claim(trace);
            }
            pipe.pipeline().policy.samples(trace)
        }
        None => GLOBAL.policy.samples(trace),
    };
    Some(Place {
        trace,
        parent: SpanId::INVALID,
        sampled,
        remote: false,
        link: None,
        pipe,
        tracestate: None,
    })
}
