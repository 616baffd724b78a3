//! Which of our spans stands for a span of the subscriber, and where a new one hangs.

use tracing_core::span::{Attributes, Id};
use tracing_core::{Event, Subscriber};
use tracing_subscriber::layer::Context as Subscribers;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::bridge::Bridge;
use super::busy::Busy;
use super::trouble::{self, Trouble};
use crate::context::Ids;
use crate::recorder::local;
use crate::span::context::{Context, current_ids};
use crate::span::detached::Under;

/// On a span of the subscriber that stands for an annotated call.
struct Ours(Context);

/// On a span of the subscriber, for those who do not know the layer.
#[cfg(feature = "tracing-fmt")]
struct Named(Context);

impl Bridge {
    /// The subscriber has made this span for the annotated call that has just begun here: other spans may name it.
    #[cold]
    pub(super) fn note_ours<S>(&self, id: &Id, all: &Subscribers<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if !self.is_on() || has_other_ids() {
            return;
        }
        let Some(_busy) = Busy::enter() else {
            return;
        };
        let here = local::with(Context::in_place).flatten();
        if let (Some(context), Some(span)) = (here, all.span(id)) {
            span.extensions_mut().replace(Ours(context));
        }
    }

    /// Where a new span hangs whose parent is not what is current: as its maker says, not as the subscriber's stack of entered
    /// spans has it, which does not know of ours.
    pub(super) fn under<S>(
        &self,
        attributes: &Attributes<'_>,
        id: &Id,
        all: &Subscribers<'_, S>,
    ) -> Under
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let Some(parent) = attributes.parent() else {
            return Under::Nothing;
        };
        let above = all.span(id).and_then(|span| span.parent());
        if let Some(context) = self.nearest(above) {
            return Under::Span(context);
        }
        if all.current_span().id() == Some(parent) {
            return Under::Current;
        }
        trouble::count(Trouble::UnknownParent);
        Under::Nothing
    }

    fn context(&self, id: &Id) -> Option<Context> {
        let context = self.spans.with(id.into_u64(), |span| span.context());
        context.filter(Context::is_valid)
    }

    /// The span itself, or the first above it that we know. Those that are filtered out were never told of.
    pub(super) fn nearest<S>(&self, mut span: Option<SpanRef<'_, S>>) -> Option<Context>
    where
        S: for<'a> LookupSpan<'a>,
    {
        while let Some(candidate) = span {
            let known = self.context(&candidate.id());
            let ours = || candidate.extensions().get::<Ours>().map(|ours| ours.0);
            if let Some(context) = known.or_else(|| ours().filter(|_| !has_other_ids())) {
                return Some(context);
            }
            span = candidate.parent();
        }
        None
    }

    /// Of the span that an event belongs to.
    pub(super) fn ids<S>(&self, event: &Event<'_>, all: &Subscribers<'_, S>) -> Option<Ids>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if event.is_contextual() {
            return current_ids();
        }
        let parent = event.parent()?;
        if let Some(context) = self.nearest(all.span(parent)) {
            return Some(context.ids());
        }
        let is_current = all.current_span().id() == Some(parent);
        is_current.then(current_ids).flatten()
    }
}

/// Names a new span for those who do not know the layer, if anybody asks.
#[cfg(feature = "tracing-fmt")]
pub(super) fn name<S>(id: &Id, context: Context, all: &Subscribers<'_, S>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if super::format::is_used()
        && let Some(span) = all.span(id)
    {
        span.extensions_mut().replace(Named(context));
    }
}

/// Whether another layer gives annotated calls their ids, later than they are noted here.
#[cfg(feature = "tracing-opentelemetry")]
fn has_other_ids() -> bool {
    crate::integrations::tracing_opentelemetry::has_been_seen()
}

#[cfg(not(feature = "tracing-opentelemetry"))]
const fn has_other_ids() -> bool {
    false
}

/// Names a span, whichever layer of ours knows it.
#[cfg(feature = "tracing-fmt")]
pub(super) fn context_of<S>(span: &SpanRef<'_, S>) -> Option<Context>
where
    S: for<'a> LookupSpan<'a>,
{
    let _busy = Busy::enter()?;
    let named = span.extensions().get::<Named>().map(|named| named.0);
    named.filter(Context::is_valid)
}
