//! What a subscriber tells, put into our trees.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Subscriber};
use tracing_subscriber::layer::{Context as Subscribers, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::busy::Busy;
use super::event::{self, Told};
use super::fields::{Fields, Status};
use super::frames::{self, Key};
use super::sites;
use super::trouble::{self, Trouble};
use crate::callsite::{Callsite, SpanKind};
use crate::id::SpanId;
use crate::mode;
use crate::recorder::local;
use crate::span::context::Context;
use crate::span::detached::{Detached, Entry, Under};
use crate::span::inside;

/// See the module. What it knows of a span hangs on the subscriber's own record of it.
#[derive(Debug)]
pub(super) struct Bridge {
    number: u32,
    /// The only one in its subscriber, as far as is known.
    alone: AtomicBool,
}

/// What hangs on a span; `span` is `None` once it has ended.
#[derive(Debug)]
struct Bridged {
    layer: u32,
    span: Option<Detached>,
    said: Said,
}

/// How a span wants to be known.
#[derive(Debug, Default)]
struct Said {
    name: Option<String>,
    kind: Option<SpanKind>,
}

impl Bridge {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self {
            number: NEXT.fetch_add(1, Relaxed),
            alone: AtomicBool::new(true),
        }
    }

    /// There is another layer below this one.
    #[cold]
    pub(super) fn retire(&self) {
        if self.alone.swap(false, Relaxed) {
            trouble::count(Trouble::InstalledTwice);
        }
    }

    fn is_on(&self) -> bool {
        mode::get() != 0 && self.alone.load(Relaxed)
    }

    fn key(&self, id: &Id) -> Key {
        (self.number, id.into_u64())
    }

    /// Where a new span hangs: as its maker says, not as the subscriber's stack of entered spans has it, which does not
    /// know of ours.
    fn under<S>(
        &self,
        attributes: &Attributes<'_>,
        span: &SpanRef<'_, S>,
        all: &Subscribers<'_, S>,
    ) -> Under
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if attributes.is_contextual() {
            return Under::Current;
        }
        let Some(parent) = attributes.parent() else {
            return Under::Nothing;
        };
        if let Some(context) = self.nearest(span.parent()) {
            return Under::Span(context);
        }
        if all.current_span().id() == Some(parent) {
            return Under::Current;
        }
        trouble::count(Trouble::UnknownParent);
        Under::Nothing
    }

    /// The span itself, or the first above it that we know. Those that are filtered out were never told of.
    fn nearest<S>(&self, mut span: Option<SpanRef<'_, S>>) -> Option<Context>
    where
        S: for<'a> LookupSpan<'a>,
    {
        while let Some(candidate) = span {
            let context = self.with(&candidate, |bridged| {
                bridged.span.as_ref().map(Detached::context)
            });
            if let Some(context) = context.flatten().filter(Context::is_valid) {
                return Some(context);
            }
            span = candidate.parent();
        }
        None
    }

    /// Looks at what hangs on a span. Under [`Busy`] only.
    fn with<S, R>(&self, span: &SpanRef<'_, S>, look: impl FnOnce(&mut Bridged) -> R) -> Option<R>
    where
        S: for<'a> LookupSpan<'a>,
    {
        let mut extensions = span.extensions_mut();
        let bridged = extensions.get_mut::<Bridged>();
        bridged
            .filter(|bridged| bridged.layer == self.number)
            .map(look)
    }

    fn begin<S>(
        &self,
        attributes: &Attributes<'_>,
        span: &SpanRef<'_, S>,
        fields: Fields,
        all: &Subscribers<'_, S>,
        site: &'static Callsite,
    ) where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let known = span.extensions().get::<Bridged>().is_some();
        if known {
            return self.retire();
        }
        let under = self.under(attributes, span, all);
        let Some(begun) = Detached::begin(site, under) else {
            return;
        };
        let mut bridged = Bridged {
            layer: self.number,
            span: Some(begun),
            said: Said::default(),
        };
        bridged.begin_with(fields);
        span.extensions_mut().insert(bridged);
    }

    /// Ends a span that was taken off its place.
    fn end(&self, mut span: Detached, said: &Said, key: Key) {
        while let Some(entry) = frames::remove(key) {
            trouble::count(Trouble::ClosedWhileEntered);
            span.exit(&entry);
        }
        let site = sites::renamed(span.site(), said.name.as_deref(), said.kind);
        span.disowned = span.own_fragment().is_some_and(frames::are_in);
        span.end(site);
    }

    /// For an event that names its span.
    fn tell<S>(&self, parent: &Id, told: Told, all: &Subscribers<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let mut span = all.span(parent);
        let mut told = Some(told);
        while let Some(candidate) = span {
            let found = self.with(&candidate, |bridged| {
                match (&mut bridged.span, told.take()) {
                    (Some(span), Some(Told { event, failure })) if span.has_span() => {
                        span.noted.event(event);
                        failure.into_iter().for_each(|f| span.noted.fail(f));
                    }
                    (_, back) => told = back,
                }
            });
            if found.is_some() && told.is_none() {
                return;
            }
            span = candidate.parent();
        }
        if let Some(told) = told.filter(|_| all.current_span().id() == Some(parent)) {
            file_here(told);
        }
    }
}

/// Names a span, whichever layer of ours knows it.
#[cfg(feature = "tracing-fmt")]
pub(super) fn context_of<S>(span: &SpanRef<'_, S>) -> Option<Context>
where
    S: for<'a> LookupSpan<'a>,
{
    let _busy = Busy::enter()?;
    let extensions = span.extensions();
    let known = extensions.get::<Bridged>()?.span.as_ref()?;
    Some(known.context()).filter(Context::is_valid)
}

/// In what is current on this thread, if anything is.
fn file_here(told: Told) {
    let current = local::with(|local| local.span.get()).unwrap_or(SpanId::INVALID);
    // Of a function's outcome its value decides, whatever it logs.
    let failure = told.failure.filter(|_| frames::is_innermost(current));
    inside::file_event(told.event, failure);
}

impl Bridged {
    fn begin_with(&mut self, mut fields: Fields) {
        let attributes = std::mem::take(&mut fields.attributes);
        if let Some(span) = &mut self.span {
            span.noted.begin_with(attributes);
        }
        self.take(fields);
    }

    fn exit(&mut self, entry: &Entry) {
        match &mut self.span {
            Some(span) => span.exit(entry),
            None => entry.exit_orphan(),
        }
    }

    fn take(&mut self, fields: Fields) {
        let Some(span) = &mut self.span else {
            return;
        };
        for attribute in fields.attributes {
            span.noted.attribute(attribute);
        }
        match fields.status {
            Some(Status::Ok) => span.noted.succeed(),
            Some(Status::Error(failure)) => span.noted.fail(failure),
            None => {}
        }
        self.said.name = fields.name.or(self.said.name.take());
        self.said.kind = fields.kind.or(self.said.kind);
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
        let mut fields = Fields::new(site.of_database, metadata.fields().len());
        attributes.record(&mut fields);
        if let Some(_busy) = Busy::enter()
            && let Some(span) = all.span(id)
        {
            self.begin(attributes, &span, fields, &all, &site.callsite);
        }
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
        let mut fields = Fields::new(site.of_database, 1);
        values.record(&mut fields);
        if let Some(_busy) = Busy::enter() {
            self.with(&span, |bridged| bridged.take(fields));
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, all: Subscribers<'_, S>) {
        if !self.is_on() {
            return;
        }
        let Some(_busy) = Busy::enter() else {
            return;
        };
        let (Some(span), Some(followed)) = (all.span(id), all.span(follows)) else {
            return trouble::count(Trouble::UnknownSpan);
        };
        let known = self.nearest(Some(followed));
        let current = || (all.current_span().id() == Some(follows)).then(Context::current);
        if let Some(to) = known.or_else(current) {
            let link = |bridged: &mut Bridged| bridged.span.as_mut().map(|span| span.link(to));
            self.with(&span, link);
        }
    }

    fn on_event(&self, event: &Event<'_>, all: Subscribers<'_, S>) {
        if !self.is_on() || event.is_root() {
            return;
        }
        if event.is_contextual() && !inside::recording() {
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
        let told = event::read(event, site.of_database);
        let Some(_busy) = Busy::enter() else {
            return;
        };
        match event.parent() {
            Some(parent) => self.tell(parent, told, &all),
            None => file_here(told),
        }
    }

    fn on_enter(&self, id: &Id, all: Subscribers<'_, S>) {
        if !self.is_on() {
            return;
        }
        let Some(_busy) = Busy::enter() else {
            return;
        };
        let Some(span) = all.span(id) else {
            return;
        };
        let enter = |bridged: &mut Bridged| bridged.span.as_mut()?.enter();
        if let Some(entry) = self.with(&span, enter).flatten()
            && !frames::push(self.key(id), entry)
        {
            self.with(&span, |bridged| bridged.exit(&entry));
        }
    }

    fn on_exit(&self, id: &Id, all: Subscribers<'_, S>) {
        let Some(entry) = frames::remove(self.key(id)) else {
            return;
        };
        let Some(_busy) = Busy::enter() else {
            return entry.exit_orphan();
        };
        let span = all.span(id);
        let left = span.and_then(|span| self.with(&span, |bridged| bridged.exit(&entry)));
        if left.is_none() {
            entry.exit_orphan();
        }
    }

    fn on_close(&self, id: Id, all: Subscribers<'_, S>) {
        let Some(_busy) = Busy::enter() else {
            return;
        };
        let Some(span) = all.span(&id) else {
            return trouble::count(Trouble::UnknownSpan);
        };
        let ended = self.with(&span, |bridged| {
            (bridged.span.take(), std::mem::take(&mut bridged.said))
        });
        match ended {
            Some((Some(ended), said)) => self.end(ended, &said, self.key(&id)),
            Some((None, _)) => trouble::count(Trouble::UnknownSpan),
            // It began when nobody recorded, or filtered out.
            None => {}
        }
    }
}
