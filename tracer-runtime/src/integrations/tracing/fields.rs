//! What the fields of a span say.

use super::visit::{Take, push};
use crate::callsite::SpanKind;
use crate::record::Failure;
use crate::span::inside::cut;
use crate::value::{KeyValue, Value};

/// Read from a span's fields before anything is locked: their `Debug` may do what it likes.
#[derive(Debug)]
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
    /// To be written here.
    #[inline]
    pub(super) fn new(of_database: bool, attributes: Vec<KeyValue>) -> Self {
        Self {
            attributes,
            said: None,
            of_database,
        }
    }

    fn said(&mut self) -> &mut Said {
        self.said.get_or_insert_default()
    }
}

impl Take for Fields {
    #[inline(always)]
    fn put(&mut self, key: &'static str, value: Value) {
        // A value set consists of different fields, but an error adds some.
        push(&mut self.attributes, self.of_database, key, value);
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
