//! A span of a subscriber's that stays open while work below it goes on elsewhere, and is current there.

use tracing_core::{Dispatch, Metadata, dispatcher, span};

use super::listing::is_ours;
use super::opened::has_opened;
use super::{exported, parents};
use crate::id::SpanId;

/// See the module.
#[derive(Debug)]
pub(crate) struct Held {
    dispatch: Dispatch,
    id: span::Id,
    metadata: &'static Metadata<'static>,
    /// It stands for a call of ours.
    is_ours: bool,
}

impl Held {
    /// The span that is current on this thread, whoever made it.
    #[inline(always)]
    pub(crate) fn current() -> Option<Self> {
        match super::is_there() {
            true => Self::innermost(),
            false => None,
        }
    }

    #[inline(never)]
    fn innermost() -> Option<Self> {
        dispatcher::get_default(|current| {
            let (id, metadata) = current.current_span().into_inner()?;
            if is_tokios(metadata) {
                return None;
            }
            let id = current.clone_span(&id);
            Some(Self::new(current.clone(), id, metadata, is_ours(metadata)))
        })
        .inspect(Self::note)
    }

    /// The one that stands for this span of ours, which has left its call.
    #[inline(always)]
    pub(crate) fn of(ours: SpanId) -> Option<Self> {
        match has_opened() {
            true => parents::of(ours).inspect(Self::note),
            false => None,
        }
    }

    /// Of a span that is open, and of which this is to hold one reference.
    pub(super) const fn new(
        dispatch: Dispatch,
        id: span::Id,
        metadata: &'static Metadata<'static>,
        is_ours: bool,
    ) -> Self {
        Self {
            dispatch,
            id,
            metadata,
            is_ours,
        }
    }

    pub(super) const fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    pub(super) fn id(&self) -> span::Id {
        self.id.clone()
    }

    /// It will be entered after the end of its call.
    fn note(&self) {
        if self.is_ours {
            exported::outlives_its_call(&self.dispatch, &self.id);
        }
    }

    /// Makes it current on this thread.
    pub(crate) fn enter(&self) {
        exported::enter_elsewhere(&self.dispatch, &self.id, self.is_ours);
    }

    /// What was current before is so again.
    pub(crate) fn leave(&self) {
        leave(&self.dispatch, &self.id, self.metadata);
    }
}

/// Of a task, or of what a task waits for: who counts their polls would count those of another one.
fn is_tokios(metadata: &Metadata<'_>) -> bool {
    metadata.name().starts_with("runtime.")
}

impl Drop for Held {
    fn drop(&mut self) {
        let close = || self.dispatch.try_close(self.id.clone());
        dispatcher::with_default(&self.dispatch, close);
    }
}

/// Leaves a span that was entered on this thread. Whether its subscriber is the current one.
pub(super) fn leave(
    dispatch: &Dispatch,
    id: &span::Id,
    metadata: &'static Metadata<'static>,
) -> bool {
    // A registry gives back what it holds by way of the current subscriber, who may know nothing of it.
    let is_here = dispatcher::get_default(|current| {
        let current = current.current_span();
        let same = |other: &_| std::ptr::eq(other, metadata);
        current.id() == Some(id) && current.metadata().is_some_and(same)
    });
    match is_here {
        true => dispatch.exit(id),
        false => dispatcher::with_default(dispatch, || dispatch.exit(id)),
    }
    is_here
}
