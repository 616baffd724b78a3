//! The span of the API.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::time::SystemTime;

use opentelemetry::trace::{SpanContext, Status, TraceContextExt as _};
use opentelemetry::{Context as OtelContext, KeyValue as OtelKeyValue};

use super::contexts;
use super::recording::Recording;
use crate::record::SpanDetails;
use crate::span::context::Context;

/// A span of ours as `opentelemetry` drives it; ends when it is dropped, if it has not before.
///
/// After its end it takes nothing any more, and a second end is none. It may end on another thread than the one it
/// started on, and after the root of its trace: then it follows the verdict, as a late task does.
#[derive(Debug)]
pub struct Span(State);

/// Small: the API moves it about.
#[derive(Debug)]
enum State {
    /// Or has ended; `None` in its drop only.
    Ours(Option<Box<Recording>>),
    Other(Box<Other>),
}

/// Records nothing itself.
#[derive(Debug)]
struct Other {
    named: SpanContext,
    /// For those that start below it; `None` where it is not ours.
    context: Option<Context>,
    /// Stands for a span of an annotated call, which ends by itself. Otherwise nobody records it.
    stands: bool,
}

/// What a span of ours says of itself when it is asked.
#[derive(Debug, Clone, Copy, Default)]
struct Answer {
    /// For those that start below it.
    place: Option<Context>,
    /// It keeps itself what is recorded of it.
    keeps: bool,
}

thread_local! {
    /// While a span is asked.
    static ASKED: Cell<Option<Answer>> = const { Cell::new(None) };
    static GIVEN: RefCell<Option<SpanDetails>> = const { RefCell::new(None) };
}

/// Asks the span that a context of the API names; one that is none of ours has nothing to say.
///
/// The API shows no more of a span than its methods, so it is asked through one of them.
fn ask(context: &OtelContext) -> Answer {
    ASKED.set(Some(Answer::default()));
    let _ = context.span().is_recording();
    ASKED.take().unwrap_or_default()
}

/// Of the span that a context of the API names, what it knows of its place; `None` where it is none of ours.
pub(super) fn place_of(context: &OtelContext) -> Option<Context> {
    ask(context).place
}

/// Whether the span that a context of the API names keeps itself what is recorded of it. One that only stands for a span of
/// ours does not.
pub(super) fn keeps_its_own(context: &OtelContext) -> bool {
    ask(context).keeps
}

/// Hands the span that a context of the API names what was recorded of it elsewhere.
pub(super) fn give(context: &OtelContext, details: SpanDetails) {
    let given = GIVEN.try_with(|given| given.replace(Some(details)));
    if given.is_ok() {
        // No attribute may have an empty key, so this one is a message.
        context.span().set_attribute(OtelKeyValue::new("", false));
        let _ = GIVEN.try_with(|given| given.take());
    }
}

impl Span {
    pub(super) fn recording(recording: Box<Recording>) -> Self {
        Self(State::Ours(Some(recording)))
    }

    /// Records nothing and stands for its parent.
    pub(super) fn passed_on(named: SpanContext, context: Option<Context>) -> Self {
        Self(State::Other(Box::new(Other {
            named,
            context,
            stands: false,
        })))
    }

    pub(super) fn standing(named: SpanContext, context: Context) -> Self {
        Self(State::Other(Box::new(Other {
            named,
            context: Some(context),
            stands: true,
        })))
    }

    #[inline]
    fn running(&mut self) -> Option<&mut Recording> {
        match &mut self.0 {
            State::Ours(Some(recording)) if !recording.is_over() => Some(recording),
            _ => None,
        }
    }

    /// The span of ours that it stands for, to be recorded on.
    fn stands_for(&self) -> Option<Context> {
        match &self.0 {
            State::Other(other) if other.stands => other.context,
            _ => None,
        }
    }

    fn context(&self) -> Option<Context> {
        match &self.0 {
            State::Ours(recording) => recording.as_ref().map(|recording| recording.context()),
            State::Other(other) => other.context,
        }
    }
}

impl opentelemetry::trace::Span for Span {
    fn add_event_with_timestamp<T>(
        &mut self,
        name: T,
        time: SystemTime,
        attributes: Vec<OtelKeyValue>,
    ) where
        T: Into<Cow<'static, str>>,
    {
        if let Some(recording) = self.running() {
            recording.add_event(name.into(), time, attributes);
        } else if let Some(context) = self.stands_for() {
            contexts::add_event(context, name.into(), time, attributes);
        }
    }

    fn span_context(&self) -> &SpanContext {
        match &self.0 {
            State::Ours(recording) => recording.as_ref().map_or(&SpanContext::NONE, |r| &r.named),
            State::Other(other) => &other.named,
        }
    }

    fn is_recording(&self) -> bool {
        let keeps = matches!(&self.0, State::Ours(Some(recording)) if !recording.is_over());
        if ASKED.get().is_some() {
            let place = self.context();
            ASKED.set(Some(Answer { place, keeps }));
        }
        keeps || self.stands_for().is_some()
    }

    fn set_attribute(&mut self, attribute: OtelKeyValue) {
        if attribute.key.as_str().is_empty() {
            let given = GIVEN.try_with(|given| given.take()).ok().flatten();
            if let (Some(recording), Some(details)) = (self.running(), given) {
                recording.take_in(details);
            }
        } else if let Some(recording) = self.running() {
            recording.set(attribute);
        } else if let Some(context) = self.stands_for() {
            contexts::set_attribute(context, attribute);
        }
    }

    fn set_status(&mut self, status: Status) {
        if let Some(recording) = self.running() {
            recording.set_status(status);
        } else if let Some(context) = self.stands_for() {
            contexts::set_status(context, status);
        }
    }

    fn update_name<T>(&mut self, new_name: T)
    where
        T: Into<Cow<'static, str>>,
    {
        if let Some(recording) = self.running() {
            recording.rename(new_name.into());
        } else if let Some(context) = self.stands_for() {
            contexts::rename(context, new_name.into());
        }
    }

    fn add_link(&mut self, to: SpanContext, attributes: Vec<OtelKeyValue>) {
        if let Some(recording) = self.running() {
            recording.add_link(&to, attributes);
        } else if let Some(context) = self.stands_for() {
            contexts::add_link(context, &to, attributes);
        }
    }

    fn end(&mut self) {
        if let Some(recording) = self.running() {
            recording.end_now();
        }
    }

    fn end_with_timestamp(&mut self, timestamp: SystemTime) {
        if let Some(recording) = self.running() {
            recording.end_at(timestamp);
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let State::Ours(recording) = &mut self.0
            && let Some(mut recording) = recording.take()
        {
            if !recording.is_over() {
                recording.end_now();
            }
            recording.keep();
        }
    }
}
