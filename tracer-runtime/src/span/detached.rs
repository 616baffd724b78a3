//! A span that is bound to no thread: begun here, entered anywhere and any number of times, at once too, ended elsewhere.
//!
//! It is a child in the fragment that was active where it began, or owns one, as the root of a trace does. Entered where
//! its trace is active, it becomes current there. Entered anywhere else it opens a fragment of its own, as a task does,
//! and keeps that until it ends.

use super::context::Context;
use super::ended::{count_end, end_shared};
use super::noted::Noted;
use super::opening;
use super::place::Place;
use super::state::Started;
use crate::callsite::{Callsite, Signals};
use crate::clock;
use crate::context::Link;
use crate::id::{SpanId, TraceId};
use crate::mode;
use crate::record::{CallOutcome, SpanRecord};
use crate::recorder::account::DropReason;
use crate::recorder::fragment::Fragment;
use crate::recorder::local::{self, Escaped, Local, lost_record};
use crate::recorder::pipeline::Tether;
use crate::recorder::slot::{Handle, SlotRef};
use crate::recorder::verdict;

/// See the module.
#[derive(Debug)]
pub(crate) struct Detached {
    site: &'static Callsite,
    start: Started,
    /// Names it; invalid where it is counted and has no span.
    context: Context,
    parent: SpanId,
    /// The fragment that it began in, or its own.
    home: u64,
    /// A child's: keeps its trace from being forgotten.
    link: Option<SlotRef>,
    /// A child's: lets the capture that watches wait for it.
    pipe: Option<Tether>,
    /// Its own, while it is not entered.
    parked: Option<Box<Fragment>>,
    pub(crate) noted: Noted,
    panicked: bool,
    /// Others are still entered in the fragment that it owned: it stays theirs.
    pub(crate) disowned: bool,
    ended: bool,
}

/// Where a span hangs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Under {
    /// Under what is current, or in a new trace.
    Current,
    /// In a new trace.
    Nothing,
    Span(Context),
}

/// What an entry has changed on its thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) span: SpanId,
    /// Current before.
    pub(crate) before: SpanId,
    pub(crate) fragment: u64,
    /// It has brought the fragment along.
    owned: bool,
    unwinding: bool,
}

impl Detached {
    /// `None` where nobody records it.
    pub(crate) fn begin(site: &'static Callsite, under: Under) -> Option<Box<Self>> {
        if mode::get() == 0 {
            return None;
        }
        local::with(|local| {
            let signals = site.signals();
            if !signals.has_spans() {
                return Self::without_span(local, site, signals);
            }
            let mut begun = match under {
                Under::Current if local.fragment_id.get() != 0 => {
                    Self::child(local, site, local.span.get())?
                }
                Under::Span(parent) if is_active(local, parent.trace_id()) => {
                    Self::child(local, site, parent.span_id())?
                }
                Under::Span(parent) => Self::elsewhere(local, site, parent)?,
                Under::Current | Under::Nothing => Self::root(local, site)?,
            };
            let counted = opening::begin_cell(local, site, signals).is_some();
            begun.start = Started::new(clock::now(), counted);
            begun.tell_the_capture();
            Some(begun)
        })
        .flatten()
    }

    fn new(site: &'static Callsite, context: Context, parent: SpanId) -> Box<Self> {
        Box::new(Self {
            site,
            start: Started::new(0, false),
            context,
            parent,
            home: 0,
            link: None,
            pipe: None,
            parked: None,
            noted: Noted::default(),
            panicked: false,
            disowned: false,
            ended: false,
        })
    }

    fn without_span(local: &Local, site: &'static Callsite, signals: Signals) -> Option<Box<Self>> {
        if signals == Signals::Neither || !opening::counts(local) {
            return None;
        }
        opening::begin_cell(local, site, signals)?;
        let mut counted = Self::new(site, Context::default(), SpanId::INVALID);
        counted.start = Started::new(clock::now(), true);
        Some(counted)
    }

    /// In the active fragment.
    fn child(local: &Local, site: &'static Callsite, parent: SpanId) -> Option<Box<Self>> {
        let Some(escaped) = local.escape() else {
            lost_record(DropReason::Reentrant);
            return None;
        };
        let context = Context::of(local.trace.get(), local.next_span(), &escaped);
        let mut child = Self::new(site, context, parent);
        child.home = local.fragment_id.get();
        child.hold(local);
        Some(child)
    }

    /// In the trace of a span that runs somewhere else.
    fn elsewhere(local: &Local, site: &'static Callsite, parent: Context) -> Option<Box<Self>> {
        let context = parent.with_span(local.next_span());
        let mut child = Self::new(site, context, parent.span_id());
        child.hold(local);
        Some(child)
    }

    fn hold(&mut self, local: &Local) {
        self.link = self.context.handle().and_then(Handle::upgrade);
        if mode::get() & mode::CAPTURING != 0 {
            self.pipe = match self.home {
                0 => Place::below(self.context).and_then(|place| place.pipe),
                _ => local.inspect(|fragment| fragment.pipe.clone()).flatten(),
            };
        }
    }

    fn root(local: &Local, site: &'static Callsite) -> Option<Box<Self>> {
        let place = Place::new_trace(local)?;
        let Some(mut fragment) = place.open(local) else {
            lost_record(DropReason::Reentrant);
            return None;
        };
        let escaped = Escaped::from(&mut fragment);
        let context = Context::of(fragment.trace, SpanId(fragment.id), &escaped);
        let mut root = Self::new(site, context, SpanId::INVALID);
        root.home = fragment.id;
        root.parked = Some(fragment);
        Some(root)
    }

    fn tell_the_capture(&self) {
        let pipe = match &self.parked {
            Some(fragment) => fragment.pipe.as_ref(),
            None => self.pipe.as_ref(),
        };
        if let Some(live) = pipe.and_then(|pipe| pipe.pipeline().live.as_ref()) {
            let (trace, span) = (self.context.trace_id(), self.context.span_id());
            live.started(trace, span, self.parent, self.site, self.start.ticks());
        }
    }

    pub(crate) const fn site(&self) -> &'static Callsite {
        self.site
    }

    /// Names it.
    pub(crate) const fn context(&self) -> Context {
        self.context
    }

    /// The fragment that ends with it, as the root of a trace.
    pub(crate) fn own_fragment(&self) -> Option<u64> {
        (self.has_span() && self.home == self.context.span_id().0).then_some(self.home)
    }

    pub(crate) const fn has_span(&self) -> bool {
        self.context.is_valid()
    }

    pub(crate) fn link(&mut self, to: Context) {
        if to.is_valid() {
            self.noted.link(Link::from(to));
        }
    }

    /// Makes it current on this thread; `None` where it has no span, or no place here.
    pub(crate) fn enter(&mut self) -> Option<Entry> {
        if !self.has_span() {
            return None;
        }
        let (trace, span) = (self.context.trace_id(), self.context.span_id());
        if let Some(entry) = enter_active(trace, span) {
            return Some(entry);
        }
        local::with(|local| {
            let before = local.span.get();
            let own = match self.parked.take() {
                None => Place::below(self.context)?.open(local)?,
                Some(own) => own,
            };
            let fragment = own.id;
            if let Err(own) = local.push_top(own, span) {
                self.take_back(local, own);
                return None;
            }
            Some(Entry {
                span,
                before,
                fragment,
                owned: true,
                unwinding: std::thread::panicking(),
            })
        })
        .flatten()
    }

    /// Keeps a fragment for the next entry, or ends it where there is one already.
    fn take_back(&mut self, local: &Local, fragment: Box<Fragment>) {
        if self.parked.is_none() {
            self.parked = Some(local.waiting(fragment));
        } else {
            verdict::finish(Some(local), fragment);
        }
    }

    /// Undoes an entry, on its thread.
    pub(crate) fn exit(&mut self, entry: &Entry) {
        self.panicked |= std::thread::panicking() && !entry.unwinding;
        local::with(|local| {
            self.collect(local, entry.fragment);
            if let Some(own) = entry.leave(local) {
                self.take_back(local, own);
            }
        });
    }

    /// Takes what was recorded while it was current: where its record goes is known at its end only.
    fn collect(&mut self, local: &Local, fragment: u64) {
        let span = self.context.span_id();
        let taken = look_into(local, fragment, |fragment| fragment.details.take_open(span));
        if let Some((details, claim)) = taken.flatten() {
            self.noted.merge(details, claim);
        }
    }

    /// Ends it, on whatever thread. From now on it is known by `site`, if any.
    pub(crate) fn end(&mut self, site: Option<&'static Callsite>) {
        self.end_as(site, CallOutcome::Ok);
    }

    fn end_as(&mut self, site: Option<&'static Callsite>, mut outcome: CallOutcome) {
        self.ended = true;
        let duration = clock::now().saturating_sub(self.start.ticks());
        if outcome == CallOutcome::Ok && self.noted.has_failed() {
            outcome = CallOutcome::Error;
        }
        if self.panicked {
            outcome = CallOutcome::Panic;
        }
        let ended = local::with(|local| {
            if self.start.is_counted() {
                count_end(local, self.site, outcome, duration);
            }
            if self.has_span() {
                let record = self.record(site, outcome, duration);
                self.file(local, record);
            }
        });
        if ended.is_none() {
            self.end_without_local(outcome, duration);
        }
    }

    fn record(
        &self,
        site: Option<&'static Callsite>,
        outcome: CallOutcome,
        duration: u64,
    ) -> SpanRecord {
        SpanRecord {
            span: self.context.span_id(),
            parent: self.parent,
            callsite: site.unwrap_or(self.site),
            start: self.start.ticks(),
            duration,
            outcome,
            details: 0,
        }
    }

    /// Its own fragment, the active one of its trace, the one where it began if that is suspended here; else a new one.
    fn file(&mut self, local: &Local, record: SpanRecord) {
        if let Some(own) = self.parked.take() {
            return self.file_apart(local, own, record);
        }
        let active = is_active(local, self.context.trace_id());
        let fragment = if active {
            local.fragment_id.get()
        } else {
            self.home
        };
        self.collect(local, fragment);
        if !self.disowned && fragment != 0 {
            let is_owner = record.span.0 == fragment;
            let filed = look_into(local, fragment, |fragment| match is_owner {
                true => self.adopted_by(fragment),
                false => local.record_in(fragment, record, self.noted.finish()),
            });
            match filed {
                Some(()) if is_owner => return local.record(fragment, record, None),
                Some(()) => return,
                None => {}
            }
        }
        match Place::below(self.context).map(|place| place.open(local)) {
            Some(Some(fragment)) => self.file_apart(local, fragment, record),
            Some(None) => lost_record(DropReason::Reentrant),
            None => lost_record(DropReason::Shutdown),
        }
    }

    fn file_apart(&mut self, local: &Local, mut fragment: Box<Fragment>, record: SpanRecord) {
        local.record_in(&mut fragment, record, self.noted.finish());
        verdict::finish(Some(local), fragment);
    }

    fn adopted_by(&mut self, fragment: &mut Fragment) {
        let span = self.context.span_id();
        if let Some(known) = self.noted.finish() {
            let (details, claim) = known.into_details();
            fragment.special = true;
            fragment.plain = false;
            fragment.details.adopt(span, details, claim);
        }
    }

    /// In a thread-local destructor after the recorder's own: the shared cell counts it, the span is lost.
    #[cold]
    fn end_without_local(&mut self, outcome: CallOutcome, duration: u64) {
        if let Some(fragment) = self.parked.take() {
            verdict::finish(None, fragment);
        }
        if self.start.is_counted() {
            end_shared(self.site, outcome, duration);
        }
        if self.has_span() {
            lost_record(DropReason::ThreadExit);
        }
    }
}

/// Whoever held it is gone.
impl Drop for Detached {
    fn drop(&mut self) {
        if !self.ended {
            self.end_as(None, CallOutcome::Cancelled);
        }
    }
}

impl Entry {
    /// Makes current what was so before; the fragment that the entry has brought along, if it is still here.
    fn leave(&self, local: &Local) -> Option<Box<Fragment>> {
        let is_top = local.fragment_id.get() == self.fragment;
        if self.owned {
            return match is_top {
                true => local.pop_top(),
                false => local.remove_suspended(self.fragment),
            };
        }
        if !is_top {
            local.leave_suspended(self.fragment, self.span, self.before);
        } else if local.span.get() == self.span {
            local.span.set(self.before);
        }
        None
    }

    /// An entry of this thread from before this one is undone: nothing comes back to it, and what it has brought along stays
    /// as long as this one needs it.
    pub(crate) fn pass_over(&mut self, left: &mut Self) {
        if self.fragment != left.fragment || self.owned {
            return;
        }
        if self.before == left.span {
            self.before = left.before;
        }
        self.owned = std::mem::take(&mut left.owned);
    }

    /// Undoes the entry of a span that has ended meanwhile, on its thread.
    pub(crate) fn exit_orphan(&self) {
        local::with(|local| {
            if let Some(fragment) = self.leave(local) {
                verdict::finish(Some(local), fragment);
            }
        });
    }

    /// Undoes the entry where the span need not be told; false, and nothing done, where it must.
    pub(crate) fn exit_quietly(&self) -> bool {
        if self.owned || (std::thread::panicking() && !self.unwinding) {
            return false;
        }
        let left = local::with(|local| {
            let is_noted = look_into(local, self.fragment, |f| f.details.is_open(self.span));
            let quiet = is_noted != Some(true);
            if quiet {
                self.leave(local);
            }
            quiet
        });
        left.unwrap_or(true)
    }
}

/// Makes a span current where its trace is active on this thread.
#[inline]
pub(crate) fn enter_active(trace: TraceId, span: SpanId) -> Option<Entry> {
    local::with(|local| {
        is_active(local, trace).then(|| Entry {
            span,
            before: local.span.replace(span),
            fragment: local.fragment_id.get(),
            owned: false,
            unwinding: std::thread::panicking(),
        })
    })
    .flatten()
}

/// Whether a trace is active on this thread.
#[inline]
fn is_active(local: &Local, trace: TraceId) -> bool {
    local.fragment_id.get() != 0 && local.trace.get() == trace
}

/// Looks into a fragment that is on this thread.
fn look_into<R>(local: &Local, id: u64, look: impl FnOnce(&mut Fragment) -> R) -> Option<R> {
    match local.fragment_id.get() == id {
        true => local.inspect(look),
        false => local.inspect_suspended(id, look),
    }
}
