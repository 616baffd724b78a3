//! Without the feature `tracing-opentelemetry` a span of a subscriber's has nothing to do with the ids of a call.

use tracing_core::{Dispatch, span};

use super::opened::Under;
use crate::callsite::Callsite;
use crate::record::Ending;
use crate::recorder::renamed::{Begun, Renamed};

#[inline(always)]
pub(super) const fn fields(site: &'static Callsite) -> &'static [&'static str] {
    site.fields
}

#[inline(always)]
pub(super) const fn kind(_: &Callsite) -> Option<&'static str> {
    None
}

#[inline(always)]
pub(super) const fn outlives_its_call(_: &Dispatch, _: &span::Id) {}

#[inline(always)]
pub(super) fn enter_elsewhere(dispatch: &Dispatch, id: &span::Id, _: bool) {
    dispatch.enter(id);
}

/// See the module.
#[derive(Debug)]
pub(super) struct Exported(());

impl Exported {
    #[inline(always)]
    pub(super) const fn new(_: Option<Begun>) -> Self {
        Self(())
    }

    #[inline(always)]
    pub(super) const fn renamed(&self) -> Option<Renamed> {
        None
    }

    #[inline(always)]
    pub(super) fn begin(
        &self,
        dispatch: &Dispatch,
        _: &Under,
        new_span: impl FnOnce() -> span::Id,
    ) {
        dispatch.enter(&new_span());
    }

    #[inline(always)]
    pub(super) fn enter_again(&self, dispatch: &Dispatch, id: &span::Id) {
        dispatch.enter(id);
    }

    #[inline(always)]
    pub(super) fn end(&self, _: &Dispatch, _: &span::Id, _: &'static Callsite, _: Ending<'_>) {}
}
