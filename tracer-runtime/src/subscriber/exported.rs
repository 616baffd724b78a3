//! A span of a subscriber's that a layer of `tracing-opentelemetry` may export: the call has its ids then.

use std::sync::OnceLock;

use tracing_core::{Dispatch, span};

use super::opened::Under;
use crate::callsite::{Callsite, SpanKind};
use crate::integrations::tracing_opentelemetry::{self as otel, Hung, Parent};
use crate::record::Ending;
use crate::recorder::renamed::{Begun, Renamed};

const KIND: &str = "otel.kind";

/// Those that the callsite declares, and its kind, which a layer learns by a field only.
pub(super) fn fields(site: &'static Callsite) -> &'static [&'static str] {
    match unsaid_kind(site) {
        Some(_) => Box::leak([site.fields, &[KIND]].concat().into_boxed_slice()),
        None => site.fields,
    }
}

/// What the last of these fields says, once there is somebody to tell.
pub(super) fn kind(site: &Callsite) -> Option<&'static str> {
    unsaid_kind(site).filter(|_| otel::has_been_seen())
}

/// Where the callsite is of another kind than most, and has no such field itself.
fn unsaid_kind(site: &Callsite) -> Option<&'static str> {
    let kind = match site.kind {
        SpanKind::Internal => return None,
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
    };
    (!site.fields.contains(&KIND)).then_some(kind)
}

/// The span of a call of ours will be entered after the end of the call.
pub(super) fn outlives_its_call(dispatch: &Dispatch, id: &span::Id) {
    if otel::has_been_seen() {
        otel::outlives_its_call(dispatch, id);
    }
}

/// Enters it where its call does not run.
pub(super) fn enter_elsewhere(dispatch: &Dispatch, id: &span::Id, is_ours: bool) {
    match is_ours {
        true => otel::enter_again(dispatch, id),
        false => dispatch.enter(id),
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Exported {
    /// Our own span; `None` where there is none.
    begun: Option<Begun>,
    renamed: OnceLock<Renamed>,
}

impl Exported {
    pub(super) const fn new(begun: Option<Begun>) -> Self {
        Self {
            begun,
            renamed: OnceLock::new(),
        }
    }

    /// The other ids, if the call has been given any.
    pub(super) fn renamed(&self) -> Option<Renamed> {
        self.renamed.get().copied()
    }

    /// Makes the span and enters it for the first time.
    pub(super) fn begin(
        &self,
        dispatch: &Dispatch,
        under: &Under,
        new_span: impl FnOnce() -> span::Id,
    ) {
        let Some(begun) = &self.begun else {
            return dispatch.enter(&new_span());
        };
        let hung = match under {
            Under::Current => Hung::Current,
            Under::Nothing => Hung::Root,
            Under::Below(_) => Hung::Below,
        };
        let parent = Parent::of(dispatch, begun, hung);
        let id = parent.within(new_span);
        if let Some(renamed) = otel::enter(dispatch, &id, begun, parent) {
            let _ = self.renamed.set(renamed);
        }
    }

    pub(super) fn enter_again(&self, dispatch: &Dispatch, id: &span::Id) {
        match self.begun {
            Some(_) => otel::enter_again(dispatch, id),
            None => dispatch.enter(id),
        }
    }

    /// The call is over, and its span about to be left.
    pub(super) fn end(
        &self,
        dispatch: &Dispatch,
        id: &span::Id,
        site: &'static Callsite,
        ending: Ending<'_>,
    ) {
        if let Some(renamed) = self.renamed() {
            otel::tell(dispatch, id, renamed.now(), site, ending);
        }
    }
}
