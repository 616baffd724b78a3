//! What code inside a span can record: nothing.

use std::error::Error;

use crate::callsite::Callsite;
use crate::record::{EventKind, Failure};
use crate::span::capture::Form;
use crate::value::{KeyValue, Value};

/// False.
#[inline(always)]
#[must_use]
pub const fn recording() -> bool {
    false
}

/// False.
#[inline(always)]
#[must_use]
pub const fn recording_of(_site: &'static Callsite) -> bool {
    false
}

/// Nothing.
#[inline(always)]
pub fn recorded_of(_site: &'static Callsite) {}

/// False.
#[inline(always)]
#[must_use]
pub const fn recording_end_of(_site: &'static Callsite) -> bool {
    false
}

/// Nothing.
#[inline(always)]
pub(crate) fn put(_key: &'static str, _value: Option<Value>, _form: Form) {}

/// Nothing.
#[inline(always)]
pub fn put_end(_site: &'static Callsite, _key: &'static str, _value: Option<Value>) {}

/// Nothing: the feature `enable` is off.
#[inline(always)]
pub fn record(_key: &'static str, _value: impl Into<Value>) {}

/// Nothing.
#[inline(always)]
pub fn attribute(_key: &'static str, _value: Value) {}

/// Nothing.
#[doc(hidden)]
#[inline(always)]
pub fn add_event(
    _kind: EventKind,
    _module: &'static str,
    _name: &'static str,
    _attributes: Vec<KeyValue>,
) {
}

/// Nothing: the feature `enable` is off.
#[inline(always)]
pub fn set_error<E: Error + ?Sized>(_error: &E) {}

/// Nothing asks for it.
#[inline(always)]
pub(crate) fn failure_of(_error: &(impl Error + ?Sized)) -> Failure {
    Failure::default()
}

/// Nothing asks for it.
#[inline(always)]
pub(crate) fn cut(text: String) -> String {
    text
}
