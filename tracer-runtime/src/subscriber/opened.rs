//! A span of a subscriber's that stands for a call of ours: made, entered, left and closed as `tracing::Span` does it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use tracing_core::subscriber::NoSubscriber;
use tracing_core::{Dispatch, LevelFilter, Metadata, dispatcher, span};

use super::exported::{self, Exported};
use super::fields::{self, Values};
use super::held::{self, Held, Left};
use super::listing::{Listed, listed};
use super::parents;
use crate::callsite::Callsite;
use crate::id::SpanId;
use crate::integrations::tracing::trouble::{self, Trouble};
use crate::record::Ending;
use crate::recorder::reentrancy::Inside;
use crate::recorder::renamed::{Begun, Renamed};

/// Where a span hangs.
#[derive(Debug, Default)]
pub(crate) enum Hang {
    /// Under what is current.
    #[default]
    Current,
    Root,
    /// Under the one that stands for this span of ours; a root where none does.
    Below(SpanId),
    /// Under the one that stands for this span of ours; under what is current where none does.
    Near(SpanId),
}

/// See the module. It ends on the subscriber that it began on.
#[derive(Debug)]
pub(crate) struct Opened(Arc<Span>);

#[derive(Debug)]
pub(super) struct Span {
    pub(super) site: &'static Callsite,
    listed: &'static Listed,
    dispatch: Dispatch,
    parent: Under,
    /// 0 while its fields are waited for.
    id: AtomicU64,
    /// Somebody else has closed it.
    is_gone: AtomicBool,
    exported: Exported,
}

#[derive(Debug)]
pub(super) enum Under {
    Current,
    Nothing,
    Below(Held),
}

static ANY: AtomicBool = AtomicBool::new(false);

/// Whether a subscriber has ever been told of a span of ours: those of layers for other crates' spans never are.
#[inline(always)]
pub(crate) fn has_opened() -> bool {
    ANY.load(Relaxed)
}

/// Opens and enters the span of a call that begins now, if a subscriber wants it. One with fields waits for them, until
/// [`fields::after`]. `begun` is our own span, which has just become current.
pub(crate) fn open(site: &'static Callsite, hang: Hang, begun: Option<Begun>) -> Option<Opened> {
    if Inside::busy() {
        return None;
    }
    let listed = listed(site)?;
    if !site.is_watched() || *listed.metadata.level() > LevelFilter::current() {
        return None;
    }
    let parent = match hang {
        Hang::Current => Under::Current,
        Hang::Root => Under::Nothing,
        Hang::Below(span) => parents::of(span).map_or(Under::Nothing, Under::Below),
        Hang::Near(span) => parents::of(span).map_or(Under::Current, Under::Below),
    };
    let dispatch = match &parent {
        // Ids mean something to the subscriber that gave them.
        Under::Below(parent) => listed
            .is_wanted_by(parent.dispatch())
            .then(|| parent.dispatch().clone()),
        _ => {
            dispatcher::get_default(|current| listed.is_wanted_by(current).then(|| current.clone()))
        }
    };
    let inside = Inside::enter();
    let span = Arc::new(Span {
        site,
        listed,
        dispatch: dispatch?,
        parent,
        id: AtomicU64::new(0),
        is_gone: AtomicBool::new(false),
        exported: Exported::new(begun),
    });
    drop(inside);
    if !has_opened() {
        ANY.store(true, Relaxed);
    }
    if !site.records_at_start || !fields::wait(&span) {
        span.begin(Values::new());
    }
    Some(Opened(span))
}

impl Listed {
    fn is_wanted_by(&self, dispatch: &Dispatch) -> bool {
        let interest = self.interest();
        match interest.is_always() {
            true => !dispatch.is::<NoSubscriber>(),
            false => !interest.is_never() && dispatch.enabled(self.metadata),
        }
    }
}

impl Opened {
    /// The call goes on.
    pub(crate) fn enter(&self) {
        match self.0.id() {
            Some(id) => self.0.exported.enter_again(&self.0.dispatch, &id),
            // It was left before its fields were recorded.
            None if self.0.site.records_at_start => _ = fields::wait(&self.0),
            None => {}
        }
    }

    /// The call goes on later.
    pub(crate) fn leave(&self) {
        fields::pause(&self.0);
        self.0.leave();
    }

    /// The other ids that the call has been given, if it has.
    pub(crate) fn renamed(&self) -> Option<Renamed> {
        self.0.exported.renamed()
    }

    /// The call is over. What was not entered before its fields were known never was a span.
    pub(crate) fn end(self, ending: Ending<'_>) {
        fields::forget(&self.0);
        if let Some(id) = self.0.id() {
            let Span {
                dispatch,
                exported,
                site,
                ..
            } = &*self.0;
            exported.end(dispatch, &id, site, ending);
        }
        match self.0.leave() {
            true => drop(self),
            false => {
                let dispatch = self.0.dispatch.clone();
                dispatcher::with_default(&dispatch, || drop(self));
            }
        }
    }
}

impl Span {
    fn id(&self) -> Option<span::Id> {
        match self.id.load(Relaxed) {
            0 => None,
            id => Some(span::Id::from_u64(id)),
        }
    }

    pub(super) fn metadata(&self) -> &'static Metadata<'static> {
        self.listed.metadata
    }

    /// Makes the span known and enters it.
    pub(super) fn begin(&self, mut values: Values) {
        let metadata = self.metadata();
        // What a filter of a single layer has said is kept until the next question, and fields may have asked one.
        if !values.is_empty() && !self.listed.is_wanted_by(&self.dispatch) {
            return;
        }
        if let Some(kind) = exported::kind(self.site) {
            values.put_first(self.site.fields.len(), kind);
        }
        self.exported.begin(&self.dispatch, &self.parent, || {
            let id = self.new_span(&values);
            self.id.store(id.into_u64(), Relaxed);
            values.with_rest(metadata.fields(), |values| {
                self.dispatch.record(&id, &span::Record::new(values));
            });
            id
        });
    }

    fn new_span(&self, values: &Values) -> span::Id {
        let metadata = self.metadata();
        values.with_first(metadata.fields(), |values| {
            let attributes = match &self.parent {
                Under::Current => span::Attributes::new(metadata, values),
                Under::Nothing => span::Attributes::new_root(metadata, values),
                Under::Below(parent) => span::Attributes::child_of(parent.id(), metadata, values),
            };
            // Inside of this, what annotated functions of the subscriber do is no span of its own.
            dispatcher::get_default(|_| self.dispatch.new_span(&attributes))
        })
    }

    /// Whether its subscriber is the current one.
    fn leave(&self) -> bool {
        let Some(id) = self.id() else {
            return true;
        };
        let left = held::leave(&self.dispatch, &id, self.metadata());
        if left == Left::Gone {
            self.is_gone.store(true, Relaxed);
        }
        left == Left::Here
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(id) = self.id() {
            parents::gone(&id, self.metadata());
            match self.is_gone.load(Relaxed) {
                true => trouble::count(Trouble::UnknownSpan),
                false => _ = self.dispatch.try_close(id),
            }
        }
    }
}
