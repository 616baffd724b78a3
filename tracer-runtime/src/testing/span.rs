//! A captured span as data.

use std::borrow::Cow;
use std::time::Duration;

use crate::callsite::{Callsite, SpanKind};
use crate::context::Link;
use crate::id::{SpanId, TraceId};
use crate::record::{CallOutcome, EventKind, Failure};
use crate::value::{KeyValue, Value};

/// A captured span.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CapturedSpan {
    /// Its trace.
    pub trace_id: TraceId,
    /// Itself.
    pub span_id: SpanId,
    /// Its parent, [`SpanId::INVALID`] for the root of a trace.
    pub parent_id: SpanId,
    /// What ran.
    pub callsite: &'static Callsite,
    /// `None` while it runs.
    pub outcome: Option<CallOutcome>,
    /// `None` while it runs.
    pub duration: Option<Duration>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// What the code inside it recorded, in that order.
    pub attributes: Vec<KeyValue>,
    /// What we add: `code.*`, `error.type`, `rpc.*`, `http.*`.
    pub own_attributes: Vec<KeyValue>,
    /// `event!` and `checkpoint!`, by time.
    pub events: Vec<CapturedEvent>,
    /// References to other traces.
    pub links: Vec<Link>,
}

/// Something that happened within a captured span.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CapturedEvent {
    /// An event or a checkpoint.
    pub kind: EventKind,
    /// Its name.
    pub name: Cow<'static, str>,
    /// What it says.
    pub attributes: Vec<KeyValue>,
}

impl CapturedSpan {
    /// The span name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.callsite.name()
    }

    /// The span kind.
    #[must_use]
    pub const fn kind(&self) -> SpanKind {
        self.callsite.kind()
    }

    /// The last value of an attribute, whoever recorded it.
    ///
    /// ```
    /// use tracer_runtime::{Value, testing, traced};
    ///
    /// #[traced(args(id))]
    /// fn find(id: u32) -> Result<(), std::fmt::Error> {
    ///     Err(std::fmt::Error)
    /// }
    ///
    /// let capture = testing::capture();
    /// let _ = find(7);
    /// let span = &capture.spans()[0];
    /// assert_eq!(span.attribute("id"), Some(&Value::from(7)));
    /// assert_eq!(span.attribute("error.type"), Some(&Value::from("core::fmt::Error")));
    /// ```
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        let all = self.own_attributes.iter().chain(&self.attributes);
        all.rev().find(|a| a.key == key).map(|a| &a.value)
    }
}
