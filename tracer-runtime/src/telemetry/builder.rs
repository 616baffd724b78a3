//! `builder()` and `init()`.

use std::sync::atomic::{AtomicBool, Ordering::AcqRel};

use super::error::InitError;
use super::guard::Telemetry;
use crate::clock;
use crate::export::discard::Discard;
use crate::metrics;
use crate::mode;
use crate::recorder::collector::{Collector, Exporters};
use crate::recorder::pipeline::GLOBAL;
use crate::recorder::policy::{Keep, Sampler};
use crate::value::{KeyValue, Value};

static TAKEN: AtomicBool = AtomicBool::new(false);

/// Describes what to record and where it goes; [`Builder::init`] starts it.
#[derive(Debug, Default)]
#[must_use = "call `.init()` to start"]
pub struct Builder {
    service_name: Option<String>,
    resource: Vec<KeyValue>,
    sampler: Option<Sampler>,
    keep: Keep,
    discarding: bool,
}

/// Begins a description.
///
/// ```
/// # fn main() -> Result<(), tracer_runtime::InitError> {
/// use tracer_runtime::Sampler;
///
/// let telemetry = tracer_runtime::builder().with_service_name("shop").with_sampler(Sampler::ratio(0.01)).init()?;
/// # drop(telemetry);
/// # Ok(())
/// # }
/// ```
pub fn builder() -> Builder {
    Builder::default()
}

/// Starts with what the environment says.
///
/// # Errors
///
/// As [`Builder::init`].
pub fn init() -> Result<Telemetry, InitError> {
    builder().init()
}

impl Builder {
    /// `service.name`.
    pub fn with_service_name(mut self, name: impl Into<String>) -> Self {
        self.service_name = Some(name.into());
        self
    }

    /// Says something about the process; the last value of a key counts.
    pub fn with_resource_attribute(
        mut self,
        key: impl Into<String>,
        value: impl Into<Value>,
    ) -> Self {
        self.resource.push(KeyValue::new(key.into(), value));
        self
    }

    /// Head sampling; everything unless said.
    pub fn with_sampler(mut self, sampler: Sampler) -> Self {
        self.sampler = Some(sampler);
        self
    }

    /// What is kept although head sampling passed it over; errors and panics unless said.
    pub fn with_keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// Takes kept traces and throws them away; for benchmarks.
    #[doc(hidden)]
    pub fn with_discarding_exporter(mut self) -> Self {
        self.discarding = true;
        self
    }

    /// Starts recording, once a process.
    ///
    /// # Errors
    ///
    /// When a setting cannot be used, when it was started before, or when the system gives no thread. Nothing has
    /// changed then.
    pub fn init(self) -> Result<Telemetry, InitError> {
        if TAKEN.swap(true, AcqRel) {
            return Err(InitError::AlreadyInitialised);
        }
        let started = self.start();
        if started.is_err() {
            TAKEN.store(false, std::sync::atomic::Ordering::Release);
        }
        started
    }

    fn start(self) -> Result<Telemetry, InitError> {
        clock::scale();
        metrics::prepare();
        GLOBAL
            .policy
            .set(self.sampler.unwrap_or_default(), self.keep);
        let mut exporters = Exporters::default();
        if self.discarding {
            exporters.watching.push(Box::new(Discard));
        }
        let collector = Collector::start(exporters).map_err(InitError::Thread)?;
        mode::set(mode::INITIALISED);
        Ok(Telemetry {
            collector: Some(collector),
        })
    }
}
