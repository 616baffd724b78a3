//! What a subscriber tells, put into our trees.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Subscriber};
use tracing_subscriber::layer::{Context as Subscribers, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::busy::Busy;
use super::entry::Entry;
use super::event::{self, Told};
use super::fields::{Fields, Said, Status};
use super::frames::{self, Key};
#[cfg(feature = "tracing-fmt")]
use super::known;
use super::sites;
use super::span::Span;
use super::table::Table;
use super::trouble::{self, Trouble};
use super::visit::Shown;
use crate::export::logs;
use crate::id::SpanId;
use crate::mode;
use crate::recorder::{local, reentrancy};
use crate::span::context::Context;
use crate::span::detached::Under;
use crate::span::inside;

/// See the module.
#[derive(Debug)]
pub(super) struct Bridge {
    number: u32,
    pub(super) spans: Table<Span>,
    /// The only one in its subscriber, as far as is known.
    alone: AtomicBool,
    /// Spans to be looked at for another layer of this kind.
    suspicious: AtomicU32,
}

/// On a span of the subscriber: the layer that has it.
struct Taken(u32);

impl Bridge {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self {
            number: NEXT.fetch_add(1, Relaxed),
            spans: Table::default(),
            alone: AtomicBool::new(true),
            suspicious: AtomicU32::new(16),
        }
    }

    /// There is another layer below this one.
    #[cold]
    pub(super) fn retire(&self) {
        if self.alone.swap(false, Relaxed) {
            trouble::count(Trouble::InstalledTwice);
        }
    }

    pub(super) fn is_on(&self) -> bool {
        mode::get() != 0 && self.alone.load(Relaxed) && !reentrancy::is_silent()
    }

    fn key(&self, id: &Id) -> Key {
        (self.number, id.into_u64())
    }

    /// Whether another layer of this kind has this span. The first ones tell.
    #[cold]
    fn is_taken<S>(&self, id: &Id, all: &Subscribers<'_, S>) -> bool
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let left = self.suspicious.load(Relaxed);
        self.suspicious.store(left.saturating_sub(1), Relaxed);
        let Some(span) = all.span(id) else {
            return false;
        };
        let mut extensions = span.extensions_mut();
        match extensions.replace(Taken(self.number)) {
            Some(Taken(other)) if other != self.number => {
                extensions.replace(Taken(other));
                true
            }
            _ => false,
        }
    }

    fn exit(&self, number: u64, entry: &Entry) {
        if entry.exit_quietly() {
            return;
        }
        let told = self.spans.with(number, |span| span.exit(entry));
        if told.is_none() {
            entry.exit_orphan();
        }
    }

    /// Ends a span that was taken off its place.
    fn end(&self, span: &mut Span, key: Key) {
        while frames::has(key)
            && let Some(entry) = frames::remove(key)
        {
            trouble::count(Trouble::ClosedWhileEntered);
            span.exit(&entry);
        }
        let disowned = span.own_fragment().is_some_and(frames::are_in);
        let renamed = span.noted.renamed();
        let site = renamed.and_then(|(name, kind)| sites::renamed(span.site(), name, kind));
        span.end(site, disowned);
    }

    /// For an event that names its span.
    fn tell<S>(&self, parent: &Id, told: Told, all: &Subscribers<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let mut told = Some(told);
        let mut span = all.span(parent);
        while let Some(candidate) = span {
            self.spans.with(candidate.id().into_u64(), |span| {
                if span.has_span()
                    && let Some(Told { event, failure }) = told.take()
                {
                    span.noted.event(event);
                    failure.into_iter().for_each(|f| span.noted.fail(f));
                }
            });
            if told.is_none() {
                return;
            }
            span = candidate.parent();
        }
        if let Some(told) = told.filter(|_| all.current_span().id() == Some(parent)) {
            file_here(told);
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let open = self.spans.left();
        if open != 0 {
            trouble::count_all(Trouble::SubscriberGone, open as u64);
        }
    }
}

/// In what is current on this thread, if anything is.
fn file_here(told: Told) {
    let current = local::with(|local| local.span.get()).unwrap_or(SpanId::INVALID);
    // Of a function's outcome its value decides, whatever it logs.
    let failure = told.failure.filter(|_| frames::is_innermost(current));
    inside::file_event(told.event, failure);
}

/// Adds what fields that were recorded late say.
fn add(span: &mut Span, fields: Fields) {
    for attribute in fields.attributes {
        span.noted.attribute(attribute);
    }
    add_said(span, fields.said);
}

fn add_said(span: &mut Span, said: Option<Box<Said>>) {
    let Some(said) = said else {
        return;
    };
    let Said { name, kind, status } = *said;
    span.noted.rename(name, kind);
    match status {
        Some(Status::Ok) => span.noted.succeed(),
        Some(Status::Error(failure)) => span.noted.fail(failure),
        None => {}
    }
}

impl<S> Layer<S> for Bridge
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, all: Subscribers<'_, S>) {
        if !self.is_on() {
            return;
        }
        let metadata = attributes.metadata();
        let Some(site) = Busy::enter().map(|_busy| sites::of(metadata)) else {
            return;
        };
        let mut span = Span::blank(&site.callsite);
        let mut fields = Fields::new(site.of_database, span.noted.take_room());
        attributes.record(&mut Shown(&mut fields));
        let Some(_busy) = Busy::enter() else {
            return;
        };
        if self.suspicious.load(Relaxed) != 0 && self.is_taken(id, &all) {
            return self.retire();
        }
        let begun = match attributes.is_contextual() {
            true => span.begin(&Under::Current, fields.attributes),
            false => span.begin(&self.under(attributes, id, &all), fields.attributes),
        };
        if !begun {
            return span.keep();
        }
        add_said(&mut span, fields.said);
        let context = span.context();
        frames::note_fresh(self.key(id), context.trace_id(), context.span_id());
        #[cfg(feature = "tracing-fmt")]
        known::name(id, context, &all);
        drop(self.spans.insert(id.into_u64(), span));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, all: Subscribers<'_, S>) {
        if !self.is_on() {
            return;
        }
        let Some(span) = all.span(id) else {
            return trouble::count(Trouble::UnknownSpan);
        };
        let Some(site) = Busy::enter().map(|_busy| sites::of(span.metadata())) else {
            return;
        };
        let mut fields = Fields::new(site.of_database, Vec::with_capacity(1));
        values.record(&mut Shown(&mut fields));
        if let Some(_busy) = Busy::enter() {
            self.spans.with(id.into_u64(), |span| add(span, fields));
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, all: Subscribers<'_, S>) {
        if !self.is_on() {
            return;
        }
        let Some(_busy) = Busy::enter() else {
            return;
        };
        let Some(followed) = all.span(follows) else {
            return trouble::count(Trouble::UnknownSpan);
        };
        let known = self.nearest(Some(followed));
        let current = || (all.current_span().id() == Some(follows)).then(Context::current);
        if let Some(to) = known.or_else(current) {
            self.spans.with(id.into_u64(), |span| span.link(to));
        }
    }

    fn on_event(&self, event: &Event<'_>, all: Subscribers<'_, S>) {
        if !self.is_on() {
            return;
        }
        let is_told = !event.is_root() && (!event.is_contextual() || inside::recording());
        let is_logged = logs::is_on();
        if !is_told && !is_logged {
            return;
        }
        let Some(site) = Busy::enter().map(|_busy| {
            let site = sites::of(event.metadata());
            site.callsite.signals().has_spans().then_some(site)
        }) else {
            return;
        };
        let Some(site) = site else {
            return;
        };
        let heard = event::read(event, site.of_database);
        let Some(_busy) = Busy::enter() else {
            return;
        };
        if is_logged {
            logs::emit(heard.log_record(self.ids(event, &all)));
        }
        match event.parent() {
            _ if !is_told => {}
            Some(parent) => self.tell(parent, heard.into_told(), &all),
            None => file_here(heard.into_told()),
        }
    }

    fn on_enter(&self, id: &Id, _: Subscribers<'_, S>) {
        if !self.is_on() {
            return;
        }
        let Some(_busy) = Busy::enter() else {
            return;
        };
        let key = self.key(id);
        if let Some((trace, span)) = frames::fresh(key)
            && frames::enter(key, trace, span)
        {
            return;
        }
        let entry = self.spans.with(key.1, Span::enter).flatten();
        if let Some(entry) = entry
            && !frames::push(key, entry)
        {
            self.exit(key.1, &entry);
        }
    }

    fn on_exit(&self, id: &Id, _: Subscribers<'_, S>) {
        let key = self.key(id);
        let busy = Busy::enter();
        if busy.is_some() && frames::exit_quietly(key) {
            return;
        }
        if let Some(entry) = frames::remove(key) {
            match busy {
                Some(_busy) => self.exit(key.1, &entry),
                None => entry.exit_orphan(),
            }
        }
    }

    fn on_close(&self, id: Id, all: Subscribers<'_, S>) {
        let Some(_busy) = Busy::enter() else {
            return;
        };
        let key = self.key(&id);
        match self.spans.remove(key.1) {
            Some(mut ended) => {
                self.end(&mut ended, key);
                ended.keep();
                frames::note_closed(key);
            }
            // Others began when nobody recorded, or were filtered out.
            None if frames::was_closed(key) || all.span(&id).is_none() => {
                trouble::count(Trouble::UnknownSpan);
            }
            None => {}
        }
    }
}
