//! Whether there is such a layer at all.

use opentelemetry::Context as OtelContext;
use tracing_core::callsite::Identifier;
use tracing_core::field::FieldSet;
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Kind, Level, Metadata, Subscriber as _, span};
use tracing_subscriber::Registry;

use super::parent;

struct Probe;

static PROBE: Probe = Probe;

static METADATA: Metadata<'static> = Metadata::new(
    "probe",
    "tracer_runtime::integrations::tracing_opentelemetry",
    Level::TRACE,
    None,
    None,
    None,
    FieldSet::new(&[], Identifier(&PROBE)),
    Kind::SPAN,
);

impl tracing_core::Callsite for Probe {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        &METADATA
    }
}

/// Whether a layer in this subscriber can be found.
///
/// Only a span can ask. This one is made in the registry alone, so that no layer hears of it. It is never closed: they
/// would hear of that.
pub(crate) fn is_installed(dispatch: &Dispatch) -> bool {
    let Some(registry) = dispatch.downcast_ref::<Registry>() else {
        return false;
    };
    let fields = METADATA.fields();
    let values = fields.value_set(&[]);
    let id = registry.new_span(&span::Attributes::new_root(&METADATA, &values));
    parent::set(dispatch, &id, OtelContext::new()).is_ok()
}
