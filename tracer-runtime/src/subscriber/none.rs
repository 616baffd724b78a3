//! Without the feature `tracing` there is no subscriber.

use crate::callsite::Callsite;
use crate::id::SpanId;
use crate::record::Ending;
use crate::recorder::renamed::{Begun, Renamed};
use crate::span::capture::Form;
use crate::value::Value;

/// Where nothing hangs.
#[derive(Debug, Default)]
pub(crate) enum Hang {
    #[default]
    Current,
    Root,
    Below(SpanId),
    Near(SpanId),
}

/// No span of a subscriber's.
#[derive(Debug)]
pub(crate) enum Opened {}

impl Opened {
    pub(crate) fn enter(&self) {
        match *self {}
    }

    pub(crate) fn leave(&self) {
        match *self {}
    }

    pub(crate) fn renamed(&self) -> Option<Renamed> {
        match *self {}
    }

    pub(crate) fn end(self, _: Ending<'_>) {
        match self {}
    }
}

/// No span of a subscriber's either.
#[derive(Debug)]
pub(crate) enum Held {}

impl Held {
    #[inline(always)]
    pub(crate) const fn current() -> Option<Self> {
        None
    }

    #[inline(always)]
    pub(crate) const fn of(_: SpanId) -> Option<Self> {
        None
    }

    pub(crate) fn enter(&self) {
        match *self {}
    }

    pub(crate) fn leave(&self) {
        match *self {}
    }
}

#[inline(always)]
pub(crate) fn open(_: &'static Callsite, _: Hang, _: Option<Begun>) -> Option<Opened> {
    None
}

#[inline(always)]
pub(crate) fn nobody_records() {}

#[inline(always)]
pub(crate) fn is_there() -> bool {
    false
}

#[inline(always)]
pub(crate) fn has_opened() -> bool {
    false
}

#[inline(always)]
pub(crate) fn waits() -> bool {
    false
}

#[inline(always)]
pub(crate) fn is_current(_: &'static Callsite) -> bool {
    false
}

#[inline(always)]
pub(crate) fn before(_: &'static Callsite, _: bool) -> bool {
    false
}

#[inline(always)]
pub(crate) fn after(_: &'static Callsite) {}

/// Our own span records it.
#[inline(always)]
pub(crate) fn put(_: &'static str, _: &Value, _: Form) -> bool {
    true
}

#[inline(always)]
pub(crate) fn record(_: &'static str, _: &Value, _: Form) {}

#[inline(always)]
pub(crate) fn note(_: SpanId) {}
