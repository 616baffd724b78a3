//! What `init` has set up for all calls.

use std::sync::OnceLock;

use super::event::StatsLevel;
use super::tracers::Tracers;

/// What `init` has set up for all calls.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) tracers: Tracers,
    pub(crate) level: StatsLevel,
    /// Of this process; empty where nobody said it.
    pub(crate) service_name: String,
}

static INSTALLED: OnceLock<Installed> = OnceLock::new();

/// For calls from now on; once a process.
pub(crate) fn install(installed: Installed) {
    let _ = INSTALLED.set(installed);
}

/// What `init` has set up, or what holds without it.
pub(crate) fn installed() -> &'static Installed {
    static NOTHING: Installed = Installed {
        tracers: Tracers::none(),
        level: StatsLevel::Detailed,
        service_name: String::new(),
    };
    INSTALLED.get().unwrap_or(&NOTHING)
}
