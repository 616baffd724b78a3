//! Tracers of your own: told of every call, with a state from its start to its finish. One that panics harms neither the
//! call nor the others.
//!
//! Run: `cargo run --example rpc_tracer`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::sync::{Arc, Mutex};
use std::time::Instant;

use tracer_runtime::rpc::{
    RpcCall, RpcEvent, RpcInfo, RpcPlan, SERVER_HANDLE_FINISH, SERVER_HANDLE_START, StatsLevel,
    Tracer,
};

static AUTH_DONE: RpcEvent = RpcEvent::new("auth_done", StatsLevel::Base);

/// Writes a line a call.
#[derive(Clone, Default)]
struct AccessLog(Arc<Mutex<Vec<String>>>);

impl Tracer for AccessLog {
    type State = Instant;

    fn start(&self, _rpc: &RpcInfo) -> Instant {
        Instant::now()
    }

    fn finish(&self, rpc: &RpcInfo, start: Instant) {
        let outcome = rpc
            .stats()
            .outcome()
            .map_or("running", |outcome| outcome.as_str());
        let method = rpc.invocation().full_method();
        println!(
            "{method} for {} took {:?}",
            rpc.from().service_name(),
            start.elapsed()
        );
        if let Ok(mut lines) = self.0.lock() {
            lines.push(format!("{method} {outcome}"));
        }
    }
}

/// Tells how long the parts of a call took.
struct Phases;

impl Tracer for Phases {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {}

    fn finish(&self, rpc: &RpcInfo, (): ()) {
        let stats = rpc.stats();
        for record in stats.events() {
            println!(
                "  {:>8.1?}  {} {}",
                record.offset(),
                record.event().name(),
                record.info()
            );
        }
        let handled = stats
            .event(SERVER_HANDLE_START)
            .zip(stats.event(SERVER_HANDLE_FINISH));
        if let Some((start, finish)) = handled {
            println!("  handled in {:?}", finish.offset() - start.offset());
        }
    }
}

/// Is broken.
struct Broken;

impl Tracer for Broken {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {
        panic!("a tracer may do that");
    }

    fn finish(&self, _rpc: &RpcInfo, (): ()) {
        unreachable!("it has not started");
    }
}

fn handle(fails: bool) -> Result<(), std::fmt::Error> {
    // Whatever runs inside of a call can note events of its own.
    if let Some(rpc) = RpcInfo::current() {
        rpc.record(AUTH_DONE);
    }
    if fails { Err(std::fmt::Error) } else { Ok(()) }
}

fn serve(fails: bool) {
    let plan = RpcPlan::server("demo")
        .with_service("shop", "Stock")
        .with_method("reserve");
    let plan = plan.with_from(tracer_runtime::rpc::Endpoint::new("front"));
    let mut call = RpcCall::start(plan);
    call.record(SERVER_HANDLE_START);
    let answer = call.within(|| handle(fails));
    call.record(SERVER_HANDLE_FINISH);
    match answer {
        Ok(()) => call.finish(),
        Err(error) => call.fail(&error),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let log = AccessLog::default();
    let telemetry = tracer_runtime::builder()
        .with_service_name("stock")
        .with_tracer(Phases)
        .with_tracer(Broken)
        .with_tracer(log.clone())
        .init()?;
    serve(false);
    serve(true);
    // Dropped half way.
    drop(RpcCall::start(RpcPlan::server("demo").with_method("wait")));

    let lines = log.0.lock().map(|lines| lines.clone()).unwrap_or_default();
    assert_eq!(
        lines,
        [
            "shop.Stock/reserve ok",
            "shop.Stock/reserve error",
            "wait cancelled"
        ]
    );
    let text = tracer_runtime::metrics::encode();
    let panics = text
        .lines()
        .find(|line| line.starts_with("tracer_callback_panics_total{") && line.contains("Broken"));
    println!("{}", panics.unwrap_or_default());
    assert!(panics.is_some_and(|line| line.ends_with(" 3")));
    telemetry.shutdown(std::time::Duration::from_secs(1))?;
    Ok(())
}
