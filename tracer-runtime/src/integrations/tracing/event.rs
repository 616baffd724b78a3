//! A `tracing` event as an event of a span.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Debug;

use tracing_core::field::Visit;
use tracing_core::{Field, Level};

use super::database;
use super::fields::{exception, failure, written};
use crate::clock;
use crate::record::{Event, EventKind, Failure};
use crate::span::inside::cut;
use crate::value::{KeyValue, Value};

/// An event, and what it says of the span that it happened in.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) event: Event,
    pub(super) failure: Option<Failure>,
}

struct Fields {
    message: Option<String>,
    /// From `log`, whose callsites are the same for all targets.
    target: Option<String>,
    attributes: Vec<KeyValue>,
    /// What a field `error` says, where there is no message.
    error: Option<String>,
    of_database: bool,
}

/// Reads an event, before anything is locked: what its fields' `Debug` does is their business.
pub(super) fn read(event: &tracing_core::Event<'_>, of_database: bool) -> Told {
    let time = clock::now();
    let metadata = event.metadata();
    let mut fields = Fields {
        message: None,
        target: None,
        attributes: Vec::with_capacity(2 + metadata.fields().len()),
        error: None,
        of_database,
    };
    fields.put("level", Cow::Borrowed(metadata.level().as_str()).into());
    fields.put("target", Cow::Borrowed(metadata.target()).into());
    event.record(&mut fields);
    if let Some(target) = fields.target.take() {
        fields.attributes[1].value = target.into();
    }
    let mut failed = (*metadata.level() == Level::ERROR).then(Failure::default);
    let name = match (fields.message.take(), fields.error.take()) {
        (Some(message), _) => fields.named_by(message),
        (None, Some(error)) => {
            failed = Some(failure(error.clone()));
            fields.put("exception.message", cut(error).into());
            Cow::Borrowed("exception")
        }
        (None, None) => Cow::Borrowed(metadata.name()),
    };
    let event = Event {
        kind: EventKind::Event,
        name,
        time,
        attributes: fields.attributes,
        dropped_attributes: 0,
    };
    Told {
        event,
        failure: failed,
    }
}

impl Fields {
    fn put(&mut self, key: &'static str, value: Value) {
        let key = match self.of_database {
            true => database::name(key),
            false => key,
        };
        self.attributes.push(KeyValue {
            key: key.into(),
            value,
        });
    }

    fn text(&mut self, key: &'static str, text: String) {
        match key {
            "message" => self.message = Some(text),
            "error" if self.message.is_none() => self.error = Some(text),
            "log.target" => self.target = Some(text),
            // What `tracing-log` says of the place is in the metadata otherwise, and not recorded there either.
            _ if key.starts_with("log.") => {}
            _ => self.put(key, text.into()),
        }
    }

    /// The message's first line; all of it is an attribute where there is more.
    fn named_by(&mut self, message: String) -> Cow<'static, str> {
        let message = cut(message);
        match message.trim_start().split_once('\n') {
            None => Cow::Owned(message),
            Some((first, _)) => {
                let first = first.trim_end().to_owned();
                self.put("message", message.into());
                Cow::Owned(first)
            }
        }
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
        if field.name() != "log.line" {
            self.put(field.name(), value.into());
        }
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
