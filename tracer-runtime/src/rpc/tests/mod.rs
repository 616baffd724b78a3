//! Calls, driven by hand, with tracers of their own.

mod calls;
mod events;
mod tracers;

use std::sync::{Arc, Mutex};

use super::tracers::Tracers;
use super::*;
use crate::span::start::Start;

/// What happened, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn say(&self, line: impl Into<String>) {
        self.0
            .lock()
            .expect("nobody panics with it")
            .push(line.into());
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().expect("nobody panics with it").clone()
    }
}

/// Says when it is called.
struct Says(&'static str, Log);

impl Tracer for Says {
    type State = u32;

    fn start(&self, rpc: &RpcInfo) -> u32 {
        self.1.say(format!(
            "{} starts {}",
            self.0,
            rpc.invocation().full_method()
        ));
        7
    }

    fn finish(&self, rpc: &RpcInfo, state: u32) {
        let outcome = rpc.stats().outcome().expect("it is over");
        self.1
            .say(format!("{} finishes {} {state}", self.0, outcome.as_str()));
    }
}

fn installed(level: StatsLevel, add: impl FnOnce(&mut Tracers)) -> &'static Installed {
    let mut tracers = Tracers::none();
    add(&mut tracers);
    Box::leak(Box::new(Installed {
        tracers,
        level,
        service_name: "shop".to_owned(),
    }))
}

fn plan() -> RpcPlan {
    RpcPlan::server("thrift")
        .with_service("shop", "Stock")
        .with_method("reserve")
}

fn start(installed: &'static Installed, plan: RpcPlan) -> RpcCall {
    RpcCall::start_at(installed, plan, Start::current)
}
