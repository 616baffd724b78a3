//! The values of fields, of spans and of events alike: attributes, but for texts that say something else.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Debug};

use tracing_core::Field;
use tracing_core::field::Visit;

use super::database;
use crate::span::inside::cut;
use crate::value::{KeyValue, Value};

/// What takes values.
pub(super) trait Take {
    fn put(&mut self, key: &'static str, value: Value);

    fn text(&mut self, key: &'static str, text: String);
}

/// Shows values to who takes them.
pub(super) struct Shown<'a, T>(pub(super) &'a mut T);

impl<T: Take> Visit for Shown<'_, T> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.put(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.put(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.0.put(field.name(), Value::I64(value)),
            Err(_) => self.0.put(field.name(), value.into()),
        }
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.0.put(field.name(), value.into());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.0.put(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.put(field.name(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.text(field.name(), value.to_owned());
    }

    fn record_error(&mut self, field: &Field, error: &(dyn Error + 'static)) {
        exception(error, |key, value| self.0.put(key, value));
        self.0.put(field.name(), error.to_string().into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.text(field.name(), written(value));
    }
}

/// Adds an attribute, by the conventions' names where a database is spoken of.
#[inline(always)]
pub(super) fn push(
    attributes: &mut Vec<KeyValue>,
    of_database: bool,
    key: &'static str,
    value: Value,
) {
    if of_database {
        return push_of_database(attributes, key, value);
    }
    attributes.push(KeyValue {
        key: Cow::Borrowed(key),
        value,
    });
}

#[inline(never)]
fn push_of_database(attributes: &mut Vec<KeyValue>, key: &'static str, value: Value) {
    let key = database::name(key);
    attributes.push(KeyValue {
        key: Cow::Borrowed(key),
        value: database::value(key, value),
    });
}

/// An error's message and, as long as nobody has a trace of the stack, its sources: what `tracing-opentelemetry` records.
///
/// <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/>
fn exception(error: &(dyn Error + 'static), mut put: impl FnMut(&'static str, Value)) {
    put("exception.message", cut(error.to_string()).into());
    let mut sources = Vec::new();
    let mut next = error.source();
    while let Some(source) = next.filter(|_| sources.len() < 16) {
        sources.push(source.to_string());
        next = source.source();
    }
    if !sources.is_empty() {
        put("exception.stacktrace", cut(sources.join("\n")).into());
    }
}

/// A `Debug` text; of one that fails, what it has written.
fn written(value: &dyn Debug) -> String {
    let mut text = String::new();
    let _ = fmt::write(&mut text, format_args!("{value:?}"));
    text
}
