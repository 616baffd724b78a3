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

/// Why a flush or a shutdown did not deliver everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetryError(pub(crate) String);

impl fmt::Display for TelemetryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TelemetryError {}
