//! A place in a trace that a fragment can be opened at: below a context, below a caller elsewhere, or at the beginning.

use std::sync::Arc;

use super::context::Context;
use crate::clock;
use crate::context::{Carried, RANDOM, Remote};
use crate::id::{SpanId, TraceId};
use crate::mode;
use crate::recorder::captures;
use crate::recorder::fragment::Fragment;
use crate::recorder::local::Local;
use crate::recorder::pipeline::{GLOBAL, Tether};
use crate::recorder::policy::Policy;
use crate::recorder::slot::SlotRef;

/// A place to open a fragment at.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) trace: TraceId,
    pub(crate) parent: SpanId,
    pub(crate) sampled: bool,
    remote: bool,
    link: Option<SlotRef>,
    pub(super) pipe: Option<Tether>,
    carried: Option<Arc<Carried>>,
    random: bool,
}

impl Place {
    /// Below a context; `None` where nothing would be recorded.
    pub(crate) fn below(context: Context) -> Option<Self> {
        let link = context.handle().and_then(|handle| handle.upgrade());
        let pipe = pipe_of(context.trace_id(), link.as_ref(), captures::of)?;
        let sampled = context.is_sampled();
        let carried = match &link {
            Some(link) if context.carried() != 0 => link.carried(context.carried()),
            _ => None,
        };
        Some(Self {
            trace: context.trace_id(),
            parent: context.span_id(),
            sampled,
            remote: link.is_none(),
            link,
            pipe,
            carried,
            random: context.is_random(),
        })
    }

    /// Whether its parent is what is current on this thread.
    pub(super) fn is_here(&self, local: &Local) -> bool {
        local.fragment_id.get() != 0
            && local.trace.get() == self.trace
            && local.span.get() == self.parent
            && local.inspect(|fragment| self.carries_what(fragment)) == Some(true)
    }

    fn carries_what(&self, fragment: &Fragment) -> bool {
        self.carried.as_ref().map(Arc::as_ptr) == fragment.carried.as_ref().map(Arc::as_ptr)
    }

    pub(crate) fn below_parent(remote: Remote) -> Option<Self> {
        let pipe = pipe_of(remote.trace_id, None, captures::of_remote)?;
        let policy = policy_of(pipe.as_ref());
        Some(Self {
            trace: remote.trace_id,
            parent: remote.span_id,
            sampled: policy.samples_below(remote.trace_id, remote.is_sampled()),
            remote: true,
            link: None,
            pipe,
            carried: remote.carried,
            random: remote.flags & RANDOM != 0,
        })
    }

    /// Below the caller; where it names no parent, below the current span or in a new trace, with what came along.
    pub(super) fn below_remote(local: &Local, remote: Remote) -> Option<Self> {
        if remote.is_valid() {
            return Self::below_parent(remote);
        }
        let current = Context::current();
        let mut place = if current.is_valid() {
            Self::below(current)?
        } else {
            let mut place = Self::new_trace(local)?;
            if let Some(sampled) = remote.is_sampled() {
                place.sampled = policy_of(place.pipe.as_ref()).samples_remote(place.trace, sampled);
            }
            place
        };
        place.carried = remote.carried.or(place.carried);
        Some(place)
    }

    /// In a trace that begins here.
    pub(crate) fn new_trace(local: &Local) -> Option<Self> {
        let trace = local.random_trace();
        let pipe = captures::here();
        if pipe.is_none() && mode::get() & mode::INITIALISED == 0 {
            return None;
        }
        if let Some(live) = pipe.as_ref().and_then(|pipe| pipe.pipeline().live.as_ref()) {
            live.claim(trace);
        }
        Some(Self {
            trace,
            parent: SpanId::INVALID,
            sampled: policy_of(pipe.as_ref()).samples(trace),
            remote: false,
            link: None,
            pipe,
            carried: None,
            random: false,
        })
    }

    /// Of the capture that watches, if one does.
    pub(crate) fn pipe(&self) -> Option<Tether> {
        self.pipe.clone()
    }

    /// Opens the fragment; its id is that of the span that owns it, where one does.
    pub(crate) fn open(self, local: &Local) -> Option<Box<Fragment>> {
        let id = match self.sampled == policy_of(self.pipe.as_ref()).samples(self.trace) {
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
        fragment.carried = self.carried;
        fragment.random = self.random;
        fragment.base = self.parent;
        Some(fragment)
    }
}

fn policy_of(pipe: Option<&Tether>) -> &Policy {
    pipe.map_or(&GLOBAL.policy, |pipe| &pipe.pipeline().policy)
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
