//! What calls between services count, whatever becomes of their spans.
//!
//! A series is found by what tells it apart: the method, the status, the type of the error. Each thread remembers the
//! series that it used last, so a call that is like one before it takes no lock and allocates nothing. A series is
//! kept for good; a family has at most 2,000 and one for all that came later, which says
//! `otel_metric_overflow="true"`.

mod cache;
mod callbacks;
mod calls;
mod key;
mod kitex;
mod kratos;
mod merge;
mod registry;
#[cfg(all(test, feature = "testing"))]
mod tests;

use std::sync::Once;
use std::sync::atomic::{
    AtomicBool, AtomicU8,
    Ordering::{AcqRel, Relaxed},
};

pub use kitex::{KitexMetrics, kitex_metrics};
pub use kratos::{KratosMetrics, kratos_metrics};

use registry::Series;

use super::event::{RPC_FINISH, RPC_START};
use super::info::RpcInfo;
use crate::clock;
use crate::metrics::exemplars::Exemplar;
use crate::metrics::family::{Family, publish};
use crate::recorder::reentrancy::Inside;

/// What is counted beside what the conventions recommend.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// `rpc.*.duration` in milliseconds.
    pub(crate) old_durations: bool,
    /// `http.*.body.size`.
    pub(crate) body_sizes: bool,
}

static OLD_DURATIONS: AtomicBool = AtomicBool::new(false);
static BODY_SIZES: AtomicBool = AtomicBool::new(false);

impl Options {
    fn chosen() -> Self {
        Self {
            old_durations: OLD_DURATIONS.load(Relaxed),
            body_sizes: BODY_SIZES.load(Relaxed),
        }
    }
}

/// What `init` has chosen; and the tracers that it has installed are reported on from now on.
pub(crate) fn install(options: Options) {
    OLD_DURATIONS.store(options.old_durations, Relaxed);
    BODY_SIZES.store(options.body_sizes, Relaxed);
    publish_once();
}

/// Under the re-entrancy flag, or where no call runs yet: it locks and allocates.
fn publish_once() {
    static PUBLISHED: Once = Once::new();
    PUBLISHED.call_once(|| publish(families));
}

/// Everything that is counted here.
fn families() -> Vec<Family<'static>> {
    // Whoever comes back in from an allocator must not wait for the lists that are read here.
    let Some(_inside) = Inside::enter() else {
        return Vec::new();
    };
    let mut families = calls::families(Options::chosen());
    families.extend(kitex::families());
    families.extend(kratos::families());
    families.extend(callbacks::families());
    families
}

/// The series of calls that are described as one.
pub(in crate::rpc) use calls::OfKnown;

/// Who has counted a call.
#[derive(Debug, Default)]
pub(in crate::rpc) struct Counted {
    /// A bit for each compatible set that has counted the call.
    sets: AtomicU8,
}

/// What is remembered of a call from its start to its end.
#[derive(Debug, Default)]
pub(in crate::rpc) struct Begun {
    ticks: u64,
    /// The one that was added to: it is the one to subtract from.
    active: Option<&'static Series>,
}

/// Names and labels of another framework.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum Compatible {
    Kitex = 1,
    Kratos = 2,
}

impl Counted {
    /// Whether nobody has counted the call in this set; from now on somebody has.
    fn claim(&self, set: Compatible) -> bool {
        self.sets.fetch_or(set as u8, AcqRel) & set as u8 == 0
    }
}

/// A call has started at this tick.
pub(in crate::rpc) fn started(info: &RpcInfo, ticks: u64) -> Begun {
    Begun {
        ticks,
        active: calls::started(info),
    }
}

/// A call is counted once more. For benchmarks.
pub(crate) fn count_again(info: &RpcInfo) {
    finished(info, &started(info, info.stats().started()));
}

/// A call is over; its statistics say how.
pub(in crate::rpc) fn finished(info: &RpcInfo, begun: &Begun) {
    let end = info.stats().ticks(RPC_FINISH).unwrap_or_else(clock::now);
    let ns = clock::scale().duration_ns(end.saturating_sub(begun.ticks));
    calls::finished(info, ns, Options::chosen);
    if let Some(active) = begun.active {
        active.leave();
    }
}

/// A call that is over has a span: the histogram that has counted it can say which call it was, where the statistics
/// have its times. For the collector's thread.
pub(crate) fn refer(info: &RpcInfo, exemplar: impl FnOnce(f64) -> Exemplar) {
    let stats = info.stats();
    if stats.outcome().is_some()
        && !info.invocation().is_attempt()
        && let (Some(start), Some(end)) = (stats.ticks(RPC_START), stats.ticks(RPC_FINISH))
    {
        let ns = clock::scale().duration_ns(end.saturating_sub(start));
        calls::refer(info, ns, exemplar);
    }
}
