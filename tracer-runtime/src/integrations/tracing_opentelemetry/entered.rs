//! A span begins in the subscriber: ours gets the ids that the layer gives to it.

use tracing_core::{Dispatch, span};

use super::api;
use super::parent::Parent;
use crate::integrations::opentelemetry::quietly;
use crate::integrations::tracing::trouble::{self, Trouble};
use crate::recorder::local;
use crate::recorder::renamed::{Begun, Renamed};
use opentelemetry::trace::TraceContextExt as _;

/// Enters the subscriber's span of a call for the first time. With context activation, which is the layer's default, this
/// is when it gives the ids; otherwise it is asked for them.
pub(crate) fn enter(
    dispatch: &Dispatch,
    id: &span::Id,
    begun: &Begun,
    parent: Parent,
) -> Option<Renamed> {
    parent.tell(dispatch, id);
    let before = api::current().map(|ids| ids.span_id);
    quietly(|| dispatch.enter(id));
    let changed = api::current().filter(|ids| Some(ids.span_id) != before);
    let given = changed.or_else(|| {
        let context = api::context_of(id, dispatch)?;
        api::ids_of(context.span().span_context())
    })?;
    // A tracer that records nothing gives the ids of the parent.
    if given.span_id == begun.parent || Some(given.span_id) == before {
        return None;
    }
    super::seen();
    let renamed = local::with(|local| local.rename(begun, given)).flatten();
    if renamed.is_none() {
        trouble::count(Trouble::IdsNotTaken);
    }
    renamed
}

/// Enters it again. What the layer attaches is what is current of ours.
pub(crate) fn enter_again(dispatch: &Dispatch, id: &span::Id) {
    quietly(|| dispatch.enter(id));
}
