//! What the builder is told of `opentelemetry`.

use opentelemetry_sdk::trace::SpanExporter;

use super::builder::Builder;
use crate::export::limits::Limits;
use crate::export::resource::Resource;
use crate::export::sdk::{AnyExporter, SdkExporter};
use crate::integrations::opentelemetry as otel;
use crate::integrations::opentelemetry::OtelContext;
use crate::recorder::collector::Exporters;
use crate::recorder::pipeline::GLOBAL;

#[derive(Debug, Default)]
pub(super) struct OtelSettings {
    without_provider: bool,
    context: OtelContext,
    exporters: Vec<Box<dyn AnyExporter>>,
}

impl OtelSettings {
    pub(super) fn has_exporters(&self) -> bool {
        !self.exporters.is_empty()
    }

    /// Adds those that are written for the SDK; the first settles the fate of spans where nobody else does.
    pub(super) fn add_exporters(
        &mut self,
        exporters: &mut Exporters,
        resource: &Resource,
        limits: Limits,
    ) -> std::io::Result<()> {
        for exporter in self.exporters.drain(..) {
            let settles = exporters.settling.is_none();
            let account = settles.then_some(&GLOBAL.account);
            let exporter = Box::new(SdkExporter::start(exporter, resource, limits, account)?);
            match settles {
                true => exporters.settling = Some(exporter),
                false => exporters.watching.push(exporter),
            }
        }
        Ok(())
    }

    /// From the start on; nothing here fails.
    pub(super) fn install(&self) {
        otel::set_contexts(self.context);
        if !self.without_provider {
            otel::install();
        }
    }

    /// The provider and the contexts of the API are those of a layer that exports our spans.
    pub(super) fn leave_to_layer(&self) {
        otel::set_contexts(OtelContext::Off);
        otel::observe();
    }
}

impl Builder {
    /// Gives every kept span to an exporter that is written for the SDK of `opentelemetry` 0.33; any number, beside the
    /// exporters that are built in.
    ///
    /// It works on a thread of its own, in batches of at most 512 spans that wait at most 5 s; 4,096 spans may wait, and
    /// a batch has 30 s. What is over that is dropped and counted. With the feature `tokio` it is entered into the runtime
    /// that [`init`](Self::init) is called in: a client that needs one must find it running at the shutdown, too.
    ///
    /// ```
    /// use opentelemetry_sdk::trace::InMemorySpanExporter;
    /// use std::time::Duration;
    ///
    /// #[tracer_runtime::traced]
    /// fn work() {}
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let exporter = InMemorySpanExporter::default();
    /// let telemetry = tracer_runtime::builder().with_span_exporter(exporter.clone()).init()?;
    /// work();
    /// telemetry.flush(Duration::from_secs(5))?;
    /// assert_eq!(exporter.get_finished_spans()?[0].name, "work");
    /// # drop(telemetry);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_span_exporter(mut self, exporter: impl SpanExporter + 'static) -> Self {
        self.otel.exporters.push(Box::new(exporter));
        self
    }

    /// Leaves the global tracer provider of `opentelemetry` as it is. Otherwise
    /// [`TracerProvider`](crate::integrations::opentelemetry::TracerProvider) becomes it, so that the spans of crates that
    /// know that API land in our traces.
    pub fn without_otel_provider(mut self) -> Self {
        self.otel.without_provider = true;
        self
    }

    /// Which of our spans code finds that reads `opentelemetry::Context::current()`; [`OtelContext::EntrySpans`] unless
    /// said.
    ///
    /// Entry spans cost some 150 ns more then, other calls nothing; with [`OtelContext::AllSpans`] each call costs some 200 ns
    /// more.
    ///
    /// ```
    /// use opentelemetry::Context;
    /// use opentelemetry::trace::TraceContextExt as _;
    /// use tracer_runtime::{OtelContext, current_ids, traced};
    ///
    /// #[traced(kind = server)]
    /// fn handle() {
    ///     let ours = current_ids().map(|ids| ids.span_id.to_string());
    ///     let theirs = Context::current().span().span_context().span_id().to_string();
    ///     assert_eq!(ours, Some(theirs));
    /// }
    ///
    /// # fn main() -> Result<(), tracer_runtime::InitError> {
    /// let telemetry = tracer_runtime::builder().with_otel_context(OtelContext::EntrySpans).init()?;
    /// handle();
    /// # drop(telemetry);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_otel_context(mut self, spans: OtelContext) -> Self {
        self.otel.context = spans;
        self
    }
}
