//! The plain form that tests compare with: names, outcomes, what was recorded; no times.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use crate::id::SpanId;
use crate::record::{CallOutcome, Event, EventKind};
use crate::recorder::live::LiveSpan;
use crate::value::KeyValue;

/// Renders spans that are given in order of their starts.
pub(crate) fn render(spans: &[LiveSpan]) -> String {
    let known: HashSet<SpanId> = spans.iter().map(|span| span.span).collect();
    let mut children: HashMap<SpanId, Vec<&LiveSpan>> = HashMap::new();
    let mut roots = Vec::new();
    for span in spans {
        if known.contains(&span.parent) {
            children.entry(span.parent).or_default().push(span);
        } else {
            roots.push(span);
        }
    }
    let mut text = String::new();
    // A stack of its own: a trace may be deeper than the thread's.
    let mut todo: Vec<(usize, Line<'_>)> = roots
        .into_iter()
        .rev()
        .map(|span| (0, Line::Span(span)))
        .collect();
    while let Some((level, line)) = todo.pop() {
        text.extend(std::iter::repeat_n("  ", level));
        match line {
            Line::Event(event) => write_event(&mut text, event),
            Line::Span(span) => {
                write_span(&mut text, span);
                let mut inner: Vec<Line<'_>> =
                    span.details.events.iter().map(Line::Event).collect();
                inner.extend(
                    children
                        .remove(&span.span)
                        .into_iter()
                        .flatten()
                        .map(Line::Span),
                );
                inner.sort_by_key(Line::time);
                todo.extend(inner.into_iter().rev().map(|line| (level + 1, line)));
            }
        }
        text.push('\n');
    }
    text
}

enum Line<'a> {
    Span(&'a LiveSpan),
    Event(&'a Event),
}

impl Line<'_> {
    fn time(&self) -> u64 {
        match self {
            Line::Span(span) => span.start,
            Line::Event(event) => event.time,
        }
    }
}

fn write_span(text: &mut String, span: &LiveSpan) {
    let outcome = span.end.map(|(_, outcome)| outcome);
    let message = span
        .details
        .failure
        .as_ref()
        .and_then(|failure| failure.message.as_deref());
    let message = message.filter(|_| outcome == Some(CallOutcome::Error));
    let name = span.details.name().unwrap_or(span.callsite.name);
    let _ = match (outcome, message) {
        (None, _) => write!(text, "{name} [running]"),
        (Some(outcome), Some(message)) => {
            write!(text, "{name} [{}: {message}]", outcome.as_str())
        }
        (Some(outcome), None) => write!(text, "{name} [{}]", outcome.as_str()),
    };
    write_attributes(text, &span.details.attributes);
}

fn write_event(text: &mut String, event: &Event) {
    let mark = match event.kind {
        EventKind::Event | EventKind::Lifecycle => '*',
        EventKind::Checkpoint => '-',
    };
    let _ = write!(text, "{mark} {}", event.name);
    write_attributes(text, &event.attributes);
}

fn write_attributes(text: &mut String, attributes: &[KeyValue]) {
    for (i, KeyValue { key, value }) in attributes.iter().enumerate() {
        let _ = write!(text, "{}{key}={value}", if i == 0 { " {" } else { ", " });
    }
    if !attributes.is_empty() {
        text.push('}');
    }
}
