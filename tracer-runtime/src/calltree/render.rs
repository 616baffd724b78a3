//! A finished trace for people: the lines that tests compare with, and guides, times and places.

use std::fmt::Write;

use super::build::{Forest, Node};
use super::text::{Paint, Style, duration, one_line};
use crate::callsite::SpanKind;
use crate::clock::Scale;
use crate::record::{CallOutcome, Event, EventKind};
use crate::value::KeyValue;

/// Names that are longer push their own line's columns to the right, not everybody's.
const MAX_NAME_WIDTH: usize = 56;
/// Messages that are longer, in characters, have a line of their own.
const MAX_INLINE_MESSAGE: usize = 64;

/// How much of its trace a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All that is known.
    Whole,
    /// What came after another part was shown.
    Continuation,
}

/// A line of the tree before it is known how wide the columns are.
#[derive(Default)]
struct Row {
    /// Guides and name.
    name: String,
    /// With the message, where it is short.
    outcome: Option<(CallOutcome, String)>,
    /// How long it took; of an event, when it was after the start of the trace.
    time: String,
    own_time: String,
    attributes: String,
    location: String,
    /// Lines below it, with the guides before them.
    notes: Vec<(String, Style, String)>,
}

/// The trace and a line about it.
pub(crate) fn render(nodes: Vec<Node>, part: Part, scale: &Scale, paint: Paint) -> String {
    let forest = Forest::new(nodes);
    let rows = Rows::of(&forest, part, scale);
    let mut text = header(&forest, part, scale, paint);
    let width = |of: fn(&Row) -> &str| {
        let widths = rows.iter().map(|row| of(row).chars().count());
        widths.max().unwrap_or(0)
    };
    let widths = Widths {
        name: width(|row| &row.name).min(MAX_NAME_WIDTH),
        time: width(|row| &row.time),
        own_time: width(|row| &row.own_time),
    };
    for row in &rows {
        row.write(&mut text, &widths, paint);
    }
    text
}

fn header(forest: &Forest, part: Part, scale: &Scale, paint: Paint) -> String {
    let nodes = forest.nodes();
    let Some(first) = nodes.first() else {
        return String::new();
    };
    let end = nodes.iter().map(Node::end).max().unwrap_or(0);
    let took = scale.duration_ns(end.saturating_sub(first.record.start));
    let spans = match nodes.len() {
        1 => "1 span".to_owned(),
        n => format!("{n} spans"),
    };
    let mut text = format!("trace {}  {}  {spans}", first.trace, duration(took));
    if part == Part::Continuation {
        text.push_str("  continued: other parts of it were shown before");
    }
    if nodes.iter().any(|node| node.partial) {
        text.push_str("  partial: other parts of it were not kept");
    }
    let mut line = String::new();
    paint.put(&mut line, Style::Bold, &text);
    line.push('\n');
    line
}

/// Collects the rows from the top to the bottom.
struct Rows<'a> {
    forest: &'a Forest,
    part: Part,
    scale: &'a Scale,
    begin: u64,
    rows: Vec<Row>,
}

/// A line that is still to be made.
struct Todo<'a> {
    what: What<'a>,
    /// Guides before the line, and before what hangs below it.
    guides: [String; 2],
}

#[derive(Clone, Copy)]
enum What<'a> {
    Span(usize),
    Event(&'a Event),
}

impl<'a> Rows<'a> {
    fn of(forest: &'a Forest, part: Part, scale: &'a Scale) -> Vec<Row> {
        let begin = forest.nodes().first().map_or(0, |node| node.record.start);
        let mut this = Self {
            forest,
            part,
            scale,
            begin,
            rows: Vec::new(),
        };
        let roots = forest.roots().iter().rev();
        // A stack of its own: a trace may be deeper than the thread's.
        let mut todo: Vec<Todo<'a>> = roots
            .map(|&root| Todo {
                what: What::Span(root),
                guides: [String::new(), String::new()],
            })
            .collect();
        while let Some(Todo { what, guides }) = todo.pop() {
            match what {
                What::Event(event) => this.event(event, &guides),
                What::Span(span) => {
                    let below = this.below(span);
                    this.span(span, &guides, !below.is_empty());
                    let last = below.len().saturating_sub(1);
                    let below = below.into_iter().enumerate().map(|(i, what)| {
                        let [here, further] = if i == last {
                            ["└─ ", "   "]
                        } else {
                            ["├─ ", "│  "]
                        };
                        let guides = [here, further].map(|guide| format!("{}{guide}", guides[1]));
                        Todo { what, guides }
                    });
                    let at = todo.len();
                    todo.extend(below);
                    todo[at..].reverse();
                }
            }
        }
        this.rows
    }

    /// Events and children by time, one sequence.
    fn below(&self, span: usize) -> Vec<What<'a>> {
        let node = &self.forest.nodes()[span];
        let events = node.details.iter().flat_map(|details| &details.events);
        let events = events.filter(|event| event.kind != EventKind::Lifecycle);
        let children = self.forest.children(span);
        let mut below: Vec<What<'a>> = events.map(What::Event).collect();
        below.extend(children.iter().map(|&child| What::Span(child)));
        below.sort_by_key(|what| match *what {
            What::Event(event) => event.time,
            What::Span(child) => self.forest.nodes()[child].record.start,
        });
        below
    }

    fn event(&mut self, event: &Event, [guide, _]: &[String; 2]) {
        let mark = match event.kind {
            EventKind::Event | EventKind::Lifecycle => '*',
            EventKind::Checkpoint => '-',
        };
        let after = self
            .scale
            .duration_ns(event.time.saturating_sub(self.begin));
        self.rows.push(Row {
            name: format!("{guide}{mark} {}", event.name),
            time: format!("+{}", duration(after)),
            attributes: attributes(&event.attributes),
            ..Row::default()
        });
    }

    fn span(&mut self, span: usize, [guide, below]: &[String; 2], has_more: bool) {
        let node = &self.forest.nodes()[span];
        let record = &node.record;
        let site = record.callsite;
        let kind = match site.kind() {
            SpanKind::Internal => "",
            SpanKind::Server => " (server)",
            SpanKind::Client => " (client)",
            SpanKind::Producer => " (producer)",
            SpanKind::Consumer => " (consumer)",
        };
        let own = self.forest.self_ticks(span);
        let details = node.details.as_deref();
        let name = details.and_then(|details| details.name());
        let location = match details.is_some_and(|details| details.is_verbatim()) {
            true => String::new(),
            false => format!("{}:{}", site.location().file(), site.location().line()),
        };
        let recorded = details.into_iter();
        let recorded = recorded.flat_map(|d| d.attributes.iter().chain(&d.own_attributes));
        let failure = details.and_then(|details| details.failure.as_deref());
        // A status has no message, and is one.
        let message = failure.map(|f| one_line(f.message.as_deref().unwrap_or(&f.error_type)));
        let message = message.filter(|_| record.outcome == CallOutcome::Error);
        let (inline, long) = match message {
            Some(message) if message.chars().count() > MAX_INLINE_MESSAGE => (None, Some(message)),
            message => (message, None),
        };
        let outcome = match inline {
            Some(message) => format!("[{}: {message}]", record.outcome.as_str()),
            None => format!("[{}]", record.outcome.as_str()),
        };
        let bar = if has_more { "│  " } else { "   " };
        let long = long.map(|message| (Style::Red, message));
        let notes = long.into_iter().chain(self.notes(span, guide.is_empty()));
        self.rows.push(Row {
            name: format!("{guide}{}{kind}", name.unwrap_or(site.name())),
            outcome: Some((record.outcome, outcome)),
            time: duration(self.scale.duration_ns(record.duration)),
            own_time: format!("self {}", duration(self.scale.duration_ns(own))),
            attributes: attributes(recorded),
            location,
            notes: notes
                .map(|(style, note)| (format!("{below}{bar}"), style, note))
                .collect(),
        });
    }

    /// What is said below the line of a span.
    fn notes(&self, span: usize, is_root: bool) -> Vec<(Style, String)> {
        let node = &self.forest.nodes()[span];
        let mut notes = Vec::new();
        let failure = node.details.as_ref().and_then(|d| d.failure.as_deref());
        let chain = failure.into_iter().flat_map(|failure| &failure.chain);
        notes.extend(chain.map(|source| (Style::Red, format!("caused by: {}", one_line(source)))));
        if node.record.parent.is_valid() && is_root {
            let whose = match (self.part, node.parent_is_remote) {
                (Part::Continuation, _) => "of a part that was shown before or not kept",
                (Part::Whole, true) => "in another service",
                (Part::Whole, false) => "not part of what was kept",
            };
            let parent = node.record.parent;
            notes.push((Style::Dim, format!("called by span {parent}, {whose}")));
        }
        let links = node.details.iter().flat_map(|details| &details.links);
        notes.extend(links.map(|link| {
            let text = format!("linked to trace {} span {}", link.trace_id, link.span_id);
            (Style::Dim, text)
        }));
        notes
    }
}

fn attributes<'a>(all: impl IntoIterator<Item = &'a KeyValue>) -> String {
    let mut text = String::new();
    for KeyValue { key, value } in all {
        let before = if text.is_empty() { "{" } else { ", " };
        let _ = write!(text, "{before}{key}={value}");
    }
    if !text.is_empty() {
        text.push('}');
    }
    text
}

struct Widths {
    name: usize,
    time: usize,
    own_time: usize,
}

impl Row {
    fn write(&self, text: &mut String, widths: &Widths, paint: Paint) {
        let mut line = format!("{:<width$}", self.name, width = widths.name);
        let _ = write!(line, "  {:>width$}  ", self.time, width = widths.time);
        let own = format!("{:>width$}", self.own_time, width = widths.own_time);
        paint.put(&mut line, Style::Dim, &own);
        if let Some((outcome, shown)) = &self.outcome {
            let style = match outcome {
                CallOutcome::Ok => Style::Green,
                CallOutcome::Error => Style::Red,
                CallOutcome::Panic => Style::BoldRed,
                CallOutcome::Cancelled => Style::Yellow,
            };
            line.push_str("  ");
            paint.put(&mut line, style, shown);
        }
        for (before, style, part) in [
            (
                self.outcome.as_ref().map_or("  ", |_| " "),
                Style::Plain,
                &self.attributes,
            ),
            ("  ", Style::Dim, &self.location),
        ] {
            if !part.is_empty() {
                line.push_str(before);
                paint.put(&mut line, style, part);
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
        for (guide, style, note) in &self.notes {
            text.push_str(guide);
            paint.put(text, *style, note);
            text.push('\n');
        }
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
