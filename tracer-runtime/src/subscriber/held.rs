//! A span of a subscriber's that stays open while work below it goes on elsewhere, and is current there.

use tracing_core::{Dispatch, Metadata, Subscriber as _, dispatcher, span};
use tracing_subscriber::Registry;
use tracing_subscriber::registry::LookupSpan as _;

use super::listing::is_ours;
use super::opened::has_opened;
use super::{exported, parents};
use crate::id::SpanId;
use crate::integrations::tracing::trouble::{self, Trouble};

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
    metadata.target().starts_with("tokio::") && metadata.name().starts_with("runtime.")
}

impl Drop for Held {
    fn drop(&mut self) {
        match registry_without(&self.dispatch, &self.id) {
            Some(_) => trouble::count(Trouble::UnknownSpan),
            None => {
                let close = || self.dispatch.try_close(self.id.clone());
                dispatcher::with_default(&self.dispatch, close);
            }
        }
    }
}

/// The registry that does not know the span, because somebody else has closed it: there it would unwind.
pub(super) fn registry_without<'a>(dispatch: &'a Dispatch, id: &span::Id) -> Option<&'a Registry> {
    let registry = dispatch.downcast_ref::<Registry>()?;
    registry.span_data(id).is_none().then_some(registry)
}

/// How a span was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// As the current one of the current subscriber.
    Here,
    Elsewhere,
    /// As one that the subscriber does not know any more.
    Gone,
}

/// Leaves a span that was entered on this thread.
pub(super) fn leave(
    dispatch: &Dispatch,
    id: &span::Id,
    metadata: &'static Metadata<'static>,
) -> Left {
    // A registry gives back what it holds by way of the current subscriber, who may know nothing of it.
    let is_here = dispatcher::get_default(|current| {
        let current = current.current_span();
        let same = |other: &_| std::ptr::eq(other, metadata);
        current.id() == Some(id) && current.metadata().is_some_and(same)
    });
    if is_here {
        dispatch.exit(id);
        return Left::Here;
    }
    if let Some(registry) = registry_without(dispatch, id) {
        registry.exit(id);
        return Left::Gone;
    }
    dispatcher::with_default(dispatch, || dispatch.exit(id));
    Left::Elsewhere
}
