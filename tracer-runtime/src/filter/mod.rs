//! Which callsites record: a switch per module that can be thrown while the process runs.
//!
//! Each callsite holds what the filter says of it, in the word that its calls read anyway. A callsite asks the filter once,
//! at its first call; a new filter is written to all that have asked. A call goes by what it read when it began, so that
//! what began counted ends counted.

mod directive;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use directive::Filter;

use crate::callsite::{Callsite, Signals};
use crate::recorder::reentrancy::Inside;

/// Who has asked, and what they were told.
struct Sites {
    filter: Filter,
    /// Every callsite that was ever called, once.
    called: Vec<&'static Callsite>,
}

static SITES: Mutex<Sites> = Mutex::new(Sites {
    filter: Filter::everything(),
    called: Vec::new(),
});

fn lock() -> MutexGuard<'static, Sites> {
    SITES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first call of a callsite: what it takes part in.
#[cold]
#[inline(never)]
pub(crate) fn admit(site: &'static Callsite) -> Signals {
    // A call from within the recorder asks the next time.
    let declared = site.declared.less(true, true);
    let Some(_inside) = Inside::enter() else {
        return declared;
    };
    admit_within(site);
    site.known_signals().unwrap_or(declared)
}

/// [`admit`], under the re-entrancy flag only; the id.
#[cold]
#[inline(never)]
pub(crate) fn admit_within(site: &'static Callsite) -> u32 {
    let mut sites = lock();
    if site.known_signals().is_none() {
        sites.called.push(site);
        site.set_signals(sites.filter.leaves(site));
    }
    site.id()
}

/// For the calls that begin from now on. False, and nothing done, from within the recorder.
pub(crate) fn set(filter: Filter) -> bool {
    let Some(_inside) = Inside::enter() else {
        return false;
    };
    let mut sites = lock();
    for site in &sites.called {
        site.set_signals(filter.leaves(site));
    }
    sites.filter = filter;
    true
}

/// Asks who wants the spans of a callsite that has been called, for the calls that begin from now on.
#[cfg(feature = "tracing")]
pub(crate) fn ask_subscribers(site: &'static Callsite) {
    let _sites = lock();
    site.set_watched(crate::subscriber::may_want(site));
}

/// [`ask_subscribers`] for all that have been called.
#[cfg(feature = "tracing")]
pub(crate) fn ask_subscribers_again() {
    for site in &lock().called {
        crate::subscriber::heard(site);
        site.set_watched(crate::subscriber::may_want(site));
    }
}
