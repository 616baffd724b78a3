//! What the fields of a span say.

use std::error::Error;
use std::fmt::{self, Debug};

use tracing_core::Field;
use tracing_core::field::Visit;

use super::database;
use crate::callsite::SpanKind;
use crate::record::Failure;
use crate::span::inside::cut;
use crate::value::{KeyValue, Value};

/// Read from a span's fields before anything is locked: their `Debug` may do what it likes.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) attributes: Vec<KeyValue>,
    /// Mostly nothing.
    pub(super) said: Option<Box<Said>>,
    of_database: bool,
}

/// What a span says of itself beside its attributes.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// `otel.name`.
    pub(super) name: Option<String>,
    /// `otel.kind`.
    pub(super) kind: Option<SpanKind>,
    /// `otel.status_code` and `otel.status_description`, the last.
    pub(super) status: Option<Status>,
}

/// What a span says of its outcome.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    Error(Failure),
}

impl Fields {
    pub(super) fn new(of_database: bool, room: usize) -> Self {
        Self {
            attributes: Vec::with_capacity(room),
            of_database,
            ..Self::default()
        }
    }

    #[inline]
    fn put(&mut self, key: &'static str, value: Value) {
        let (key, value) = match self.of_database {
            true => {
                let key = database::name(key);
                (key, database::value(key, value))
            }
            false => (key, value),
        };
        // A value set consists of different fields, but an error adds some.
        self.attributes.push(KeyValue {
            key: key.into(),
            value,
        });
    }

    fn text(&mut self, key: &'static str, text: String) {
        match key {
            "otel.name" => self.said().name = Some(cut(text)),
            "otel.kind" => {
                let said = self.said();
                said.kind = kind(&text).or(said.kind);
            }
            "otel.status_code" => self.said().status = status(&text),
            "otel.status_description" => self.said().status = Some(Status::Error(failure(text))),
            _ => self.put(key, text.into()),
        }
    }

    fn said(&mut self) -> &mut Said {
        self.said.get_or_insert_default()
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value.into());
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field.name(), value.into());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value.to_owned());
    }

    fn record_error(&mut self, field: &Field, error: &(dyn Error + 'static)) {
        exception(error, |key, value| self.put(key, value));
        self.put(field.name(), error.to_string().into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field.name(), written(value));
    }
}

/// An error's message and, as long as nobody has a trace of the stack, its sources: what `tracing-opentelemetry` records.
///
/// <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/>
pub(super) fn exception(error: &(dyn Error + 'static), mut put: impl FnMut(&'static str, Value)) {
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
pub(super) fn written(value: &dyn Debug) -> String {
    let mut text = String::new();
    let _ = fmt::write(&mut text, format_args!("{value:?}"));
    text
}

pub(super) fn failure(message: String) -> Failure {
    Failure {
        message: Some(cut(message)).filter(|message| !message.is_empty()),
        ..Failure::default()
    }
}

fn kind(text: &str) -> Option<SpanKind> {
    let kinds = [
        ("internal", SpanKind::Internal),
        ("server", SpanKind::Server),
        ("client", SpanKind::Client),
        ("producer", SpanKind::Producer),
        ("consumer", SpanKind::Consumer),
    ];
    let known = kinds
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    known.map(|(_, kind)| kind)
}

fn status(text: &str) -> Option<Status> {
    if text.eq_ignore_ascii_case("ok") {
        return Some(Status::Ok);
    }
    let error = text.eq_ignore_ascii_case("error");
    error.then(|| Status::Error(Failure::default()))
}
