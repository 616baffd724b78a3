//! A `tracing` event as an event of a span.

use std::borrow::Cow;

use tracing_core::{Level, Metadata};

use super::database;
use super::fields::failure;
use super::visit::{Shown, Take, attribute};
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
    event.record(&mut Shown(&mut fields));
    if let Some(target) = fields.target.take() {
        fields.attributes[1].value = target.into();
    }
    if of_database {
        database::complete(&mut fields.attributes);
    }
    let mut failed = (*metadata.level() == Level::ERROR).then(Failure::default);
    let name = match (fields.message.take(), fields.error.take()) {
        (Some(message), _) => fields.named_by(message),
        (None, Some(error)) => {
            failed = Some(failure(error.clone()));
            fields.put("exception.message", cut(error).into());
            Cow::Borrowed("exception")
        }
        (None, None) => Cow::Borrowed(own_name(metadata)),
    };
    let event = Event {
        unix_ns: None,
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

/// The name that the code gives it, else its target: what `tracing` calls it then is a place in somebody's file system.
fn own_name(metadata: &'static Metadata<'static>) -> &'static str {
    let place = metadata.name().strip_prefix("event ");
    let after_file = place
        .zip(metadata.file())
        .and_then(|(place, file)| place.strip_prefix(file));
    match after_file.is_some_and(|line| line.starts_with(':')) {
        true => metadata.target(),
        false => metadata.name(),
    }
}

impl Fields {
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

impl Take for Fields {
    fn put(&mut self, key: &'static str, value: Value) {
        // What `tracing-log` says of the place is in the metadata otherwise, and not recorded there either.
        if !key.starts_with("log.") {
            self.attributes
                .push(attribute(self.of_database, key, value));
        }
    }

    fn text(&mut self, key: &'static str, text: String) {
        match key {
            "message" => self.message = Some(text),
            "error" if self.message.is_none() => self.error = Some(text),
            "log.target" => self.target = Some(text),
            _ => self.put(key, text.into()),
        }
    }
}
