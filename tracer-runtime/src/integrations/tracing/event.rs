//! A `tracing` event as an event of a span and as a log record.

use std::borrow::Cow;

use tracing_core::{Level, Metadata};

use super::database;
use super::fields::failure;
use super::sites;
use super::visit::{Shown, Take, push};
use crate::clock;
use crate::context::Ids;
use crate::export::logs::LogRecord;
use crate::record::{Event, EventKind, Failure};
use crate::span::inside::cut;
use crate::value::{KeyValue, Value};

/// An event, and what it says of the span that it happened in.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) event: Event,
    pub(super) failure: Option<Failure>,
}

/// What an event says: to a span, to a log, or to both.
#[derive(Debug)]
pub(super) struct Heard {
    metadata: &'static Metadata<'static>,
    time: u64,
    message: Option<String>,
    /// From `log`, whose callsites are the same for all targets.
    target: Option<String>,
    attributes: Vec<KeyValue>,
    /// What a field `error` says, where there is no message.
    error: Option<String>,
    of_database: bool,
}

/// Before the fields: the level and the target.
const OWN_ATTRIBUTES: usize = 2;

/// Reads an event, before anything is locked: what its fields' `Debug` does is their business.
pub(super) fn read(event: &tracing_core::Event<'_>, of_database: bool) -> Heard {
    let time = clock::now();
    let metadata = event.metadata();
    let mut heard = Heard {
        metadata,
        time,
        message: None,
        target: None,
        attributes: Vec::with_capacity(OWN_ATTRIBUTES + metadata.fields().len()),
        error: None,
        of_database,
    };
    heard.put("level", Cow::Borrowed(metadata.level().as_str()).into());
    heard.put("target", Cow::Borrowed(metadata.target()).into());
    event.record(&mut Shown(&mut heard));
    if let Some(target) = &heard.target {
        heard.attributes[1].value = target.clone().into();
    }
    if of_database {
        database::complete(&mut heard.attributes);
    }
    heard
}

/// The name that the code gives it; what `tracing` calls it otherwise is a place in somebody's file system.
fn own_name(metadata: &'static Metadata<'static>) -> Option<&'static str> {
    let name = metadata.name();
    let place = name.strip_prefix("event ").zip(metadata.file());
    let after_file = place.and_then(|(place, file)| place.strip_prefix(file));
    let is_made_up = after_file.is_some_and(|line| line.starts_with(':'));
    (!is_made_up).then_some(name)
}

impl Heard {
    /// As an event of a span.
    pub(super) fn into_told(mut self) -> Told {
        let mut failed = (*self.metadata.level() == Level::ERROR).then(Failure::default);
        let name = match (self.message.take(), self.error.take()) {
            (Some(message), _) => self.named_by(message),
            (None, Some(error)) => {
                failed = Some(failure(error.clone()));
                self.put("exception.message", cut(error).into());
                Cow::Borrowed("exception")
            }
            (None, None) => {
                Cow::Borrowed(own_name(self.metadata).unwrap_or(self.metadata.target()))
            }
        };
        let event = Event {
            unix_ns: None,
            kind: EventKind::Event,
            name,
            time: self.time,
            attributes: self.attributes,
            dropped_attributes: 0,
        };
        Told {
            event,
            failure: failed,
        }
    }

    /// As a record of a log.
    pub(super) fn log_record(&self, ids: Option<Ids>) -> LogRecord {
        let mut attributes = self.attributes[OWN_ATTRIBUTES..].to_vec();
        let mut event_name = own_name(self.metadata);
        let mut message = self.message.clone();
        if let (None, Some(error)) = (&message, &self.error) {
            attributes.push(KeyValue::new("exception.message", error));
            event_name = event_name.or(Some("exception"));
            message = Some(error.clone());
        }
        LogRecord {
            unix_ns: clock::scale().unix_ns(self.time),
            level: sites::level(*self.metadata.level()),
            target: match &self.target {
                Some(target) => target.clone().into(),
                None => self.metadata.target().into(),
            },
            event_name: event_name.map(Cow::Borrowed),
            message,
            attributes,
            ids,
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

impl Take for Heard {
    fn put(&mut self, key: &'static str, value: Value) {
        // What `tracing-log` says of the place is in the metadata otherwise, and not recorded there either.
        if !key.starts_with("log.") {
            push(&mut self.attributes, self.of_database, key, value);
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
