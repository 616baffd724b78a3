//! The layer as it is installed.

use std::any::TypeId;

use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Event, LevelFilter, Metadata, Subscriber};
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::{Context, Filter, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::bridge::Bridge;

/// Puts the spans and events of other crates, which use `tracing`, into our trees. Made by [`tracing_layer`].
#[derive(Debug)]
pub struct TracingLayer<S> {
    inner: Filtered<Bridge, OtherCrates, S>,
    /// The subscriber has given the filter a number. It has none for a layer that comes by a reload.
    is_filtering: bool,
}

/// Has no interest in the callsites of annotated functions: they are recorded without a subscriber.
#[derive(Debug)]
struct OtherCrates {
    is_ours: fn(&Metadata<'_>) -> bool,
}

/// Of functions under `#[traced]` and under `#[instrument]`.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    crate::subscriber::is_ours(metadata) || crate::visible::is_instrumented(metadata)
}

#[doc = include_str!("layer.md")]
#[must_use = "a layer does something in a subscriber: `tracing_subscriber::registry().with(..)`"]
pub fn tracing_layer<S>() -> TracingLayer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    TracingLayer::other_than(is_ours)
}

impl<S> TracingLayer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    pub(super) fn other_than(is_ours: fn(&Metadata<'_>) -> bool) -> Self {
        Self {
            inner: Bridge::new().with_filter(OtherCrates { is_ours }),
            is_filtering: false,
        }
    }

    fn is_of_other_crate(&self, metadata: &Metadata<'_>) -> bool {
        !(self.inner.filter().is_ours)(metadata)
    }
}

impl<S> Filter<S> for OtherCrates {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        !(self.is_ours)(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        match (self.is_ours)(metadata) {
            true => Interest::never(),
            false => Interest::always(),
        }
    }
}

impl<S> Layer<S> for TracingLayer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.inner.on_register_dispatch(subscriber);
    }

    fn on_layer(&mut self, subscriber: &mut S) {
        if (&*subscriber as &dyn Subscriber).is::<Bridge>() {
            self.inner.inner().retire();
        }
        self.inner.on_layer(subscriber);
        self.is_filtering = true;
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match self.is_filtering {
            true => self.inner.register_callsite(metadata),
            false => Interest::always(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, all: Context<'_, S>) -> bool {
        !self.is_filtering || self.inner.enabled(metadata, all)
    }

    fn event_enabled(&self, event: &Event<'_>, all: Context<'_, S>) -> bool {
        !self.is_filtering || self.inner.event_enabled(event, all)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.inner.max_level_hint()
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, all: Context<'_, S>) {
        let metadata = attributes.metadata();
        if crate::subscriber::has_opened() && crate::subscriber::is_ours(metadata) {
            self.inner.inner().note_ours(id, &all);
        }
        // A filter hides our spans, of which one may be the parent that is named.
        if self.is_filtering && attributes.parent().is_none() {
            self.inner.on_new_span(attributes, id, all);
        } else if self.is_of_other_crate(metadata) {
            self.inner.inner().on_new_span(attributes, id, all);
        } else if self.is_filtering {
            self.inner.on_new_span(attributes, id, all);
        }
    }

    fn on_event(&self, event: &Event<'_>, all: Context<'_, S>) {
        if self.is_filtering {
            self.inner.on_event(event, all);
        } else if self.is_of_other_crate(event.metadata()) {
            self.inner.inner().on_event(event, all);
        }
    }

    // The bridge knows its spans: what follows need not ask the filter for each.

    fn on_record(&self, id: &Id, values: &Record<'_>, all: Context<'_, S>) {
        self.inner.inner().on_record(id, values, all);
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, all: Context<'_, S>) {
        self.inner.inner().on_follows_from(id, follows, all);
    }

    fn on_enter(&self, id: &Id, all: Context<'_, S>) {
        self.inner.inner().on_enter(id, all);
    }

    fn on_exit(&self, id: &Id, all: Context<'_, S>) {
        self.inner.inner().on_exit(id, all);
    }

    fn on_close(&self, id: Id, all: Context<'_, S>) {
        self.inner.inner().on_close(id, all);
    }

    #[allow(
        unsafe_code,
        reason = "the layer that has a filter is found by its type"
    )]
    unsafe fn downcast_raw(&self, id: TypeId) -> Option<*const ()> {
        if id == TypeId::of::<Self>() {
            return Some(std::ptr::from_ref(self).cast());
        }
        // SAFETY: the caller reads what this returns as the type that `id` names, while `self` lives; `inner` lives as long,
        // and returns a pointer to that type or nothing.
        unsafe { self.inner.downcast_raw(id) }
    }
}
