//! All tracers that are installed, told one after the other.

use std::any::{Any, type_name};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::info::RpcInfo;
use super::isolation::{Callback, Report};
use super::stream::StreamEvent;
use super::tracer::Tracer;

/// What a tracer's start has left for its finish; `None` where it has panicked.
type State = Option<Box<dyn Any + Send>>;

/// A [`Tracer`] of any type.
trait AnyTracer: Any + Send + Sync {
    fn start(&self, rpc: &RpcInfo) -> Box<dyn Any + Send>;
    fn finish(&self, rpc: &RpcInfo, state: Box<dyn Any + Send>);
    fn stream_event(&self, rpc: &RpcInfo, event: &StreamEvent);
}

impl<T: Tracer> AnyTracer for T {
    fn start(&self, rpc: &RpcInfo) -> Box<dyn Any + Send> {
        Box::new(Tracer::start(self, rpc))
    }

    fn finish(&self, rpc: &RpcInfo, state: Box<dyn Any + Send>) {
        if let Ok(state) = state.downcast() {
            Tracer::finish(self, rpc, *state);
        }
    }

    fn stream_event(&self, rpc: &RpcInfo, event: &StreamEvent) {
        Tracer::stream_event(self, rpc, event);
    }
}

/// All installed tracers, in order.
#[derive(Default)]
pub(crate) struct Tracers(Vec<Installed>);

struct Installed {
    tracer: Box<dyn AnyTracer>,
    report: Report,
}

/// What the tracers of one call have left for its end.
///
/// Never locked: the mutex makes states that only one thread at a time may see part of a body that several may.
pub(super) struct States(Mutex<Vec<State>>);

impl Tracers {
    /// None yet.
    pub(super) const fn none() -> Self {
        Self(Vec::new())
    }

    /// Adds one behind the others.
    pub(crate) fn push<T: Tracer>(&mut self, tracer: T) {
        self.0.push(Installed {
            tracer: Box::new(tracer),
            report: Report::new(type_name::<T>()),
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of this type, in order.
    #[cfg(feature = "metrics")]
    pub(crate) fn of_type<T: Tracer>(&self) -> impl Iterator<Item = &T> {
        self.0.iter().filter_map(|installed| {
            let tracer: &dyn Any = &*installed.tracer;
            tracer.downcast_ref()
        })
    }

    /// What became of the callbacks, by tracer.
    pub(crate) fn reports(&self) -> impl Iterator<Item = &Report> {
        self.0.iter().map(|installed| &installed.report)
    }

    /// Tells every tracer, in order.
    pub(super) fn start(&self, rpc: &RpcInfo) -> States {
        let start = |installed: &Installed| {
            let call = || installed.tracer.start(rpc);
            installed.report.isolated(Callback::Start, call)
        };
        States(Mutex::new(self.0.iter().map(start).collect()))
    }

    pub(super) fn finish(&self, rpc: &RpcInfo, states: States) {
        let states = states
            .0
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        for (installed, state) in self.0.iter().zip(states).rev() {
            if let Some(state) = state {
                let call = || installed.tracer.finish(rpc, state);
                installed.report.isolated(Callback::Finish, call);
            }
        }
    }

    pub(super) fn stream_event(&self, rpc: &RpcInfo, event: &StreamEvent) {
        for installed in &self.0 {
            let call = || installed.tracer.stream_event(rpc, event);
            installed.report.isolated(Callback::StreamEvent, call);
        }
    }
}

impl fmt::Debug for Tracers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.reports()).finish()
    }
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("States").finish_non_exhaustive()
    }
}
