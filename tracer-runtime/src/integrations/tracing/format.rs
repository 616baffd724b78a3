//! The ids of the current span in log lines.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tracing_core::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::ids::ids_of;
use crate::context::Ids;

/// A format of `tracing_subscriber::fmt` that adds `trace_id`, `span_id` and `trace_flags` to each line that is written
/// inside a trace, and nothing outside: the fields that OpenTelemetry gives to
/// [logs in other formats](https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/).
///
/// The ids are those of the innermost span, also where that is an annotated function; of an event that names its span,
/// those of that one. They need no [`tracing_layer`](crate::tracing_layer) for spans of annotated functions.
///
/// ```
/// use tracer_runtime::TraceContextFormat;
/// use tracing_subscriber::fmt;
///
/// // trace_id=… span_id=… trace_flags=01 2026-01-01T00:00:00Z  INFO shop: order placed id=7
/// let text = fmt::layer::<tracing_subscriber::Registry>().map_event_format(TraceContextFormat::text);
/// // {"trace_id":"…","span_id":"…","trace_flags":"01","timestamp":"…","level":"INFO",…}
/// let json = fmt::layer::<tracing_subscriber::Registry>().json().map_event_format(TraceContextFormat::json);
/// # drop((text, json));
/// ```
#[derive(Debug, Clone)]
pub struct TraceContextFormat<F> {
    inner: F,
    style: Style,
}

#[derive(Debug, Clone, Copy)]
enum Style {
    Text,
    Json,
}

/// Somebody writes ids: spans are to be found by those who do not know our layer.
static USED: AtomicBool = AtomicBool::new(false);

pub(super) fn is_used() -> bool {
    USED.load(Relaxed)
}

impl<F> TraceContextFormat<F> {
    /// `trace_id=… span_id=… trace_flags=…` before what `inner` writes.
    pub fn text(inner: F) -> Self {
        Self::new(inner, Style::Text)
    }

    /// Three members at the beginning of the object that `inner` writes.
    pub fn json(inner: F) -> Self {
        Self::new(inner, Style::Json)
    }

    fn new(inner: F, style: Style) -> Self {
        USED.store(true, Relaxed);
        Self { inner, style }
    }
}

impl<S, N, F> FormatEvent<S, N> for TraceContextFormat<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(ids) = ids_of(event, context) else {
            return self.inner.format_event(context, writer, event);
        };
        match self.style {
            Style::Text => {
                let flags = u8::from(ids.sampled);
                let Ids {
                    trace_id, span_id, ..
                } = ids;
                write!(
                    writer,
                    "trace_id={trace_id} span_id={span_id} trace_flags={flags:02x} "
                )?;
                self.inner.format_event(context, writer, event)
            }
            Style::Json => {
                let mut object = Object {
                    out: writer,
                    ids,
                    at: At::Before,
                };
                let writer = Writer::new(&mut object);
                self.inner.format_event(context, writer, event)
            }
        }
    }
}

/// Writes an object on, with the ids as its first members.
struct Object<'a> {
    out: Writer<'a>,
    ids: Ids,
    at: At,
}

enum At {
    /// The brace.
    Before,
    /// The first member, or the other brace.
    Open,
    Inside,
}

impl Write for Object<'_> {
    fn write_str(&mut self, mut text: &str) -> fmt::Result {
        if let At::Before = self.at {
            let Some(rest) = text.trim_start().strip_prefix('{') else {
                return self.out.write_str(text);
            };
            let flags = u8::from(self.ids.sampled);
            let Ids {
                trace_id, span_id, ..
            } = self.ids;
            write!(
                self.out,
                r#"{{"trace_id":"{trace_id}","span_id":"{span_id}","trace_flags":"{flags:02x}""#
            )?;
            self.at = At::Open;
            text = rest;
        }
        if let At::Open = self.at {
            match text.trim_start().chars().next() {
                None => return Ok(()),
                Some('}') => {}
                Some(_) => self.out.write_char(',')?,
            }
            self.at = At::Inside;
        }
        self.out.write_str(text)
    }
}
