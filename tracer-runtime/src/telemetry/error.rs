//! What can go wrong at the start and at the end.

use std::fmt;

/// Why `init` did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum InitError {
    /// `init` was called before in this process.
    AlreadyInitialised,
    /// A setting cannot be used.
    Setting {
        /// The variable or the method of the builder.
        setting: &'static str,
        /// What it said.
        value: String,
        /// What is wrong, and what to write instead.
        problem: String,
    },
    /// An `OpenTelemetryLayer` of `tracing-opentelemetry` is installed, and this setting would export the same spans again.
    #[cfg(feature = "tracing-opentelemetry")]
    #[non_exhaustive]
    ExportedTwice {
        /// The variable or the method of the builder.
        setting: &'static str,
    },
    /// The system gave no thread.
    Thread(std::io::Error),
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyInitialised => {
                f.write_str("tracer is initialised already: call `init` once, in `main`, and keep what it returns")
            }
            Self::Setting { setting, value, problem } => write!(f, "{setting} is {value:?}: {problem}"),
            #[cfg(feature = "tracing-opentelemetry")]
            Self::ExportedTwice { setting } => write!(
                f,
                "{setting} and the OpenTelemetryLayer of the `tracing` subscriber would both export every span: leave out {setting}, or the layer; \
                 OTEL_TRACES_EXPORTER=none sends metrics alone"
            ),
            Self::Thread(error) => write!(f, "the collector's thread could not be started: {error}"),
        }
    }
}

impl std::error::Error for InitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Thread(error) => Some(error),
            _ => None,
        }
    }
}

/// Which directive of a filter cannot be used, and why.
///
/// ```
/// let error = tracer_runtime::builder().with_filter("info,shop::db=loud").init().unwrap_err();
/// assert!(error.to_string().contains(r#""loud" is no level: expected off, error, warn, info, debug or trace"#));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    pub(crate) directive: String,
    pub(crate) problem: String,
}

impl FilterError {
    /// As it was written.
    #[must_use]
    pub fn directive(&self) -> &str {
        &self.directive
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { directive, problem } = self;
        write!(f, "the directive {directive:?} cannot be used: {problem}")
    }
}

impl std::error::Error for FilterError {}

/// Why a flush or a shutdown did not deliver everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetryError(pub(crate) String);

impl fmt::Display for TelemetryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TelemetryError {}
