//! A subscriber that writes down all that it is told, in order: `tracing-mock` does not look at the order of fields.

use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_core::span::Current;

#[derive(Default)]
struct Witness {
    lines: Arc<Mutex<String>>,
    last: AtomicU64,
    spans: Mutex<Vec<&'static Metadata<'static>>>,
    entered: Mutex<Vec<Id>>,
}

/// What a subscriber is told during `call`, a line each.
pub(crate) fn seen(call: impl FnOnce()) -> String {
    let lines = Arc::default();
    let witness = Witness {
        lines: Arc::clone(&lines),
        ..Witness::default()
    };
    tracing::subscriber::with_default(witness, call);
    let lines = lines.lock().expect(WRITES);
    lines.clone()
}

const WRITES: &str = "no test panics while it writes";

impl Witness {
    fn line(&self, text: &str) {
        let mut lines = self.lines.lock().expect(WRITES);
        lines.push_str(text);
        lines.push('\n');
    }
}

impl Subscriber for Witness {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let mut values = Values(String::new());
        attributes.record(&mut values);
        let parent = match (attributes.parent(), attributes.is_root()) {
            (Some(parent), _) => format!(" under {}", parent.into_u64()),
            (None, true) => " as root".to_owned(),
            (None, false) => String::new(),
        };
        let metadata = attributes.metadata();
        self.spans.lock().expect(WRITES).push(metadata);
        let (level, name) = (metadata.level(), metadata.name());
        self.line(&format!("new {id} {level} {name}{parent}{}", values.0));
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, record: &Record<'_>) {
        let mut values = Values(String::new());
        record.record(&mut values);
        self.line(&format!("record {}{}", span.into_u64(), values.0));
    }

    fn record_follows_from(&self, span: &Id, cause: &Id) {
        self.line(&format!("{} follows {}", span.into_u64(), cause.into_u64()));
    }

    fn event(&self, event: &Event<'_>) {
        let mut values = Values(String::new());
        event.record(&mut values);
        self.line(&format!("event {}{}", event.metadata().level(), values.0));
    }

    fn current_span(&self) -> Current {
        let Some(id) = self.entered.lock().expect(WRITES).last().cloned() else {
            return Current::none();
        };
        let place = usize::try_from(id.into_u64() - 1).expect("few spans");
        let metadata = self.spans.lock().expect(WRITES)[place];
        Current::new(id, metadata)
    }

    fn enter(&self, span: &Id) {
        self.entered.lock().expect(WRITES).push(span.clone());
        self.line(&format!("enter {}", span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        self.entered.lock().expect(WRITES).pop();
        self.line(&format!("exit {}", span.into_u64()));
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.line(&format!("clone {}", id.into_u64()));
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        self.line(&format!("close {}", id.into_u64()));
        true
    }
}

/// ` name:type=value` of each field that is visited.
struct Values(String);

impl Values {
    fn add(&mut self, field: &Field, kind: &str, value: &dyn Debug) {
        write!(self.0, " {}:{kind}={value:?}", field.name()).expect("writing to a string");
    }
}

impl Visit for Values {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, "f64", &value);
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, "i64", &value);
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, "u64", &value);
    }
    fn record_i128(&mut self, field: &Field, value: i128) {
        self.add(field, "i128", &value);
    }
    fn record_u128(&mut self, field: &Field, value: u128) {
        self.add(field, "u128", &value);
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, "bool", &value);
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, "str", &value);
    }
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.add(field, "error", &value.to_string());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, "debug", &value);
    }
}
