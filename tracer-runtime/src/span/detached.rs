//! A span that is bound to no thread, its place in a trace: begun here, ended elsewhere, or not at all.
//!
//! It is a child in the fragment that was active where it began, or owns one, as the root of a trace does. Its record goes
//! to the fragment of its trace that is active where it ends, and joins the trace as a task does where none is.

use std::sync::Arc;

use super::context::Context;
use super::ended::{count_end, end_shared};
use super::opening;
use super::place::Place;
use super::state::Started;
use crate::callsite::{Callsite, Signals};
use crate::clock;
use crate::context::{Carried, Remote};
use crate::id::SpanId;
use crate::mode;
use crate::record::SpanRecord;
use crate::recorder::account::DropReason;
use crate::recorder::apart::{Ended, Said};
use crate::recorder::fragment::Fragment;
use crate::recorder::live::Live;
use crate::recorder::local::{Escaped, Local, lost_record};
use crate::recorder::pipeline::Tether;
use crate::recorder::slot::{Handle, SlotRef, Stock};
use crate::recorder::verdict;

/// See the module.
#[derive(Debug)]
pub(crate) struct Detached {
    site: &'static Callsite,
    start: Started,
    /// Names it; invalid where it has no span.
    context: Context,
    parent: SpanId,
    /// The fragment that it began in, or its own.
    home: u64,
    /// A child's: keeps its trace from being forgotten.
    link: Option<SlotRef>,
    /// A child's: lets the capture that watches wait for it.
    pipe: Option<Tether>,
    /// Its own, while no thread has it.
    parked: Option<Box<Fragment>>,
}

/// Where a span hangs.
#[derive(Debug)]
pub(crate) enum Under {
    /// Under what is current, or in a new trace.
    Current,
    /// In a new trace.
    Nothing,
    /// Under a span of the trace that is active.
    Active(SpanId),
    Span(Context),
    /// Of another service, or one that we know nothing of.
    Remote(Remote),
}

impl Detached {
    /// One that has not begun.
    pub(crate) const fn new(site: &'static Callsite) -> Self {
        Self {
            site,
            start: Started::new(0, false),
            context: Context::NONE,
            parent: SpanId::INVALID,
            home: 0,
            link: None,
            pipe: None,
            parked: None,
        }
    }

    /// Forgets the span that has ended.
    #[inline]
    pub(crate) fn renew(&mut self, site: &'static Callsite) {
        self.site = site;
        self.context = Context::NONE;
    }

    /// Gives it a place; `None` where nobody records it.
    #[inline]
    pub(crate) fn place(&mut self, local: &Local, under: &Under) -> Option<()> {
        match *under {
            Under::Current if local.fragment_id.get() != 0 => self.child(local, local.span.get()),
            Under::Active(parent) => self.child(local, parent),
            Under::Span(parent) if local.is_in(parent.trace_id()) => {
                self.child(local, parent.span_id())
            }
            Under::Span(parent) => self.below(local, parent),
            Under::Remote(ref parent) => self.root(local, Place::below_parent(parent.clone())),
            Under::Current | Under::Nothing => self.root(local, Place::new_trace(local)),
        }
    }

    /// In the active fragment.
    #[inline]
    pub(crate) fn child(&mut self, local: &Local, parent: SpanId) -> Option<()> {
        let is_watched = mode::get() & mode::CAPTURING != 0;
        let escaped = local.inspect(|fragment| {
            let escaped = Escaped::from(fragment);
            let stock = &mut fragment.references;
            self.link = escaped.handle.and_then(|of| Stock::reference(stock, of));
            if is_watched {
                self.pipe = fragment.pipe.clone();
            }
            escaped
        });
        let Some(escaped) = escaped else {
            lost_record(DropReason::Reentrant);
            return None;
        };
        self.context = Context::of(local.trace.get(), local.next_span(), &escaped);
        self.parent = parent;
        self.home = local.fragment_id.get();
        Some(())
    }

    /// In the trace of a span that runs somewhere else.
    #[inline(never)]
    fn below(&mut self, local: &Local, parent: Context) -> Option<()> {
        if mode::get() & mode::CAPTURING != 0 {
            self.pipe = Place::below(parent)?.pipe();
        }
        self.context = parent.with_span(local.next_span());
        self.parent = parent.span_id();
        self.home = 0;
        self.link = parent.handle().and_then(Handle::upgrade);
        Some(())
    }

    /// In a trace that begins here, or goes on here for another service.
    #[inline(never)]
    fn root(&mut self, local: &Local, place: Option<Place>) -> Option<()> {
        let place = place?;
        self.parent = place.parent;
        let Some(mut fragment) = place.open(local) else {
            lost_record(DropReason::Reentrant);
            return None;
        };
        let escaped = Escaped::from(&mut fragment);
        self.context = Context::of(fragment.trace, SpanId(fragment.id), &escaped);
        self.home = fragment.id;
        self.parked = Some(local.waiting(fragment));
        Some(())
    }

    /// It begins at this tick.
    #[inline]
    pub(crate) fn start_at(&mut self, ticks: u64) {
        self.start = Started::new(ticks, false);
    }

    /// It begins now, and is counted where its callsite is.
    #[inline]
    pub(crate) fn start(&mut self, local: &Local, signals: Signals) {
        let counted = opening::begin_cell(local, self.site, signals).is_some();
        self.start = Started::new(clock::now(), counted);
    }

    /// It begins without a span; `None` where nobody counts it.
    #[cold]
    pub(crate) fn start_without_span(&mut self, local: &Local, signals: Signals) -> Option<()> {
        if signals == Signals::Neither || !opening::counts(local) {
            return None;
        }
        self.start(local, signals);
        self.start.is_counted().then_some(())
    }

    /// Counts its end, if its start was.
    #[inline]
    pub(crate) fn count_end(&self, local: Option<&Local>, ended: Ended) {
        let Ended { outcome, duration } = ended;
        if self.start.is_counted() {
            match local {
                Some(local) => count_end(local, self.site, outcome, duration),
                None => end_shared(self.site, outcome, duration),
            }
        }
    }

    /// Tells the capture that watches, if one does, that it has begun.
    #[inline]
    pub(crate) fn tell_capture(&self) -> Option<&Live> {
        let pipe = match &self.parked {
            Some(fragment) => fragment.pipe.as_ref(),
            None => self.pipe.as_ref(),
        };
        let live = pipe?.pipeline().live.as_ref()?;
        let (trace, span) = (self.context.trace_id(), self.context.span_id());
        live.started(trace, span, self.parent, self.site, self.start.ticks());
        Some(live)
    }

    pub(crate) const fn site(&self) -> &'static Callsite {
        self.site
    }

    /// When it began, in ticks.
    pub(crate) const fn start_ticks(&self) -> u64 {
        self.start.ticks()
    }

    /// Names it.
    pub(crate) const fn context(&self) -> Context {
        self.context
    }

    pub(crate) const fn has_span(&self) -> bool {
        self.context.is_valid()
    }

    /// The fragment that ends with it, as the root of a trace.
    pub(crate) fn own_fragment(&self) -> Option<u64> {
        (self.has_span() && self.home == self.context.span_id().0).then_some(self.home)
    }

    /// What its trace has brought along from another service; mostly nothing.
    #[inline]
    pub(crate) fn carried(&self) -> Option<Arc<Carried>> {
        match self.context.carried() {
            0 => None,
            number => self.context.handle()?.upgrade()?.carried(number),
        }
    }

    /// Its own fragment or a new one, for a thread where its trace is not active.
    pub(crate) fn open(&mut self, local: &Local) -> Option<Box<Fragment>> {
        match self.parked.take() {
            None => Place::below(self.context)?.open(local),
            own => own,
        }
    }

    /// Keeps a fragment that [`Self::open`] has given, or ends it where there is one already.
    pub(crate) fn close(&mut self, local: &Local, fragment: Box<Fragment>) {
        if self.parked.is_none() {
            self.parked = Some(local.waiting(fragment));
        } else {
            verdict::finish(Some(local), fragment);
        }
    }

    /// Its record, by the name of a callsite.
    #[inline(always)]
    fn record(&self, site: &'static Callsite, ended: Ended, details: u32) -> SpanRecord {
        SpanRecord {
            span: self.context.span_id(),
            parent: self.parent,
            callsite: site,
            start: self.start.ticks(),
            duration: ended.duration,
            outcome: ended.outcome,
            details,
        }
    }

    /// Files its record: in its own fragment, the active one of its trace, the one where it began if that is suspended
    /// here, else in a new one. `disowned` where others are still in the fragment that it owned: it stays theirs.
    #[inline]
    pub(crate) fn end(
        &mut self,
        local: &Local,
        site: &'static Callsite,
        ended: Ended,
        said: &mut impl Said,
        disowned: bool,
    ) {
        let span = self.context.span_id();
        let fragment = match local.is_in(self.context.trace_id()) {
            true => local.fragment_id.get(),
            false => self.home,
        };
        if fragment != span.0 && self.parked.is_none() && fragment != 0 {
            let filed = local.look_into(fragment, |fragment| {
                let record = |ended, details| self.record(site, ended, details);
                local.file_apart(fragment, ended, said, record);
                if let Some(reference) = self.link.take() {
                    Stock::put_back(&mut fragment.references, reference);
                }
            });
            if filed.is_some() {
                self.pipe = None;
                return;
            }
        }
        self.end_elsewhere(local, site, ended, said, disowned);
        (self.link, self.pipe) = (None, None);
    }

    #[inline(never)]
    fn end_elsewhere(
        &mut self,
        local: &Local,
        site: &'static Callsite,
        ended: Ended,
        said: &mut impl Said,
        disowned: bool,
    ) {
        let span = self.context.span_id();
        let own = self.parked.take();
        if own.is_none() && span.0 == self.home {
            // A thread has its fragment.
            let known = local.look_into(self.home, |fragment| {
                take_in(fragment, span, said);
                if !disowned {
                    leave(fragment, span, said);
                }
            });
            if known.is_some() && !disowned {
                return local.record(self.home, self.record(site, ended, 0), None);
            }
        }
        let fragment = match own {
            None => Place::below(self.context).map(|place| place.open(local)),
            own => Some(own),
        };
        match fragment {
            Some(Some(mut fragment)) => {
                let record = |ended, details| self.record(site, ended, details);
                local.file_apart(&mut fragment, ended, said, record);
                verdict::finish(Some(local), fragment);
            }
            Some(None) => lost_record(DropReason::Reentrant),
            None => lost_record(DropReason::Shutdown),
        }
    }

    /// Ends it in a thread-local destructor after the recorder's own: it is lost.
    #[cold]
    pub(crate) fn end_without_local(&mut self) {
        if let Some(fragment) = self.parked.take() {
            verdict::finish(None, fragment);
        }
        if self.has_span() {
            lost_record(DropReason::ThreadExit);
        }
        (self.link, self.pipe) = (None, None);
    }
}

/// Takes what was recorded in a fragment while the span was current there.
fn take_in(fragment: &mut Fragment, span: SpanId, said: &mut impl Said) {
    if let Some((details, claim)) = fragment.details.take_open(span) {
        said.add(details, claim);
    }
}

/// Leaves what was said of a span to the end of its fragment.
fn leave(fragment: &mut Fragment, span: SpanId, said: &mut impl Said) {
    if let Some((details, claim)) = said.take() {
        fragment.special = true;
        fragment.plain = false;
        fragment.details.adopt(span, details, claim);
    }
}
