//! Calls between services.

use std::collections::HashMap;
use std::time::Duration;

use tracer_runtime::rpc::{
    self, BizStatus, EventRecord, EventStatus, Invocation, KitexMetrics, KratosMetrics, RPC_FINISH,
    RPC_START, RpcCall, RpcConfig, RpcPlan, RpcStats, RpcStatus, SERVER_HANDLE_START,
    StreamEventKind, StreamingMode,
};
use tracer_runtime::{
    Builder, CallOutcome, Failure, Ids, RpcEvent, RpcInfo, SpanKind, StatsLevel, StreamEvent,
    Tracer,
};

/// An event of our own.
pub static AUTH_DONE: RpcEvent = RpcEvent::new("auth_done", StatsLevel::Base);

/// Hears of every call.
#[derive(Debug)]
pub struct Listener;

impl Tracer for Listener {
    type State = u32;

    fn start(&self, rpc: &RpcInfo) -> u32 {
        rpc.record(AUTH_DONE);
        7
    }

    fn finish(&self, rpc: &RpcInfo, state: u32) {
        let _ = (described(rpc), state);
    }

    fn stream_event(&self, _rpc: &RpcInfo, event: &StreamEvent) {
        let _: (StreamEventKind, u64, Duration, Option<&str>) =
            (event.kind(), event.bytes(), event.offset(), event.error());
    }
}

/// Tells everybody who can be told.
pub fn told(builder: Builder) -> Builder {
    let kitex: KitexMetrics = rpc::kitex_metrics().with_boundaries(&[100.0, 1_000.0]);
    let kratos: KratosMetrics = rpc::kratos_metrics();
    builder
        .with_tracer(Listener)
        .with_tracer(kitex)
        .with_tracer(kratos)
        .with_stats_level(StatsLevel::Detailed)
        .with_panic_stacks()
        .with_body_size_metrics()
}

/// Everything that is known about a call.
pub fn described(rpc: &RpcInfo) -> String {
    let called: Invocation<'_> = rpc.invocation();
    let config: &RpcConfig = rpc.config();
    let _: (StreamingMode, i32, u32, bool, Option<&BizStatus>) = (
        called.streaming(),
        called.seq_id(),
        called.attempt(),
        called.is_attempt(),
        called.biz_status(),
    );
    let _: (Option<Duration>, Option<Duration>, Option<Duration>, &str) = (
        config.rpc_timeout(),
        config.connect_timeout(),
        config.read_write_timeout(),
        config.protocol(),
    );
    let _: (SpanKind, &str, Option<RpcStatus>, Option<&str>) =
        (rpc.kind(), rpc.system(), rpc.status(), rpc.route());
    let _: Option<Ids> = rpc.ids();
    let _ = (rpc.from().tag("zone"), rpc.to().namespace());
    rpc.record_with(AUTH_DONE, EventStatus::Warn, "late");
    rpc.set_biz_status(42, "sold out");
    format!(
        "{} {}.{}/{} {:?}",
        called.full_method(),
        called.package(),
        called.service(),
        called.method(),
        measured(rpc.stats()),
    )
}

fn measured(stats: &RpcStats) -> (StatsLevel, Option<CallOutcome>, u64) {
    let events: Vec<EventRecord> = stats.events();
    for event in &events {
        let _ = (event.event().name(), event.status(), event.info());
        let _ = (event.offset(), event.time());
    }
    let finish: Option<EventRecord> = stats.event(RPC_FINISH);
    let error: Option<&Failure> = stats.error();
    let _ = (finish, error, stats.panicked(), stats.panic_message());
    let _ = (stats.cost(), stats.dropped_events());
    let bytes = stats.send_size() + stats.recv_size();
    let last = stats.last_send_size() + stats.last_recv_size();
    let messages = stats.messages_sent() + stats.messages_received();
    (stats.level(), stats.outcome(), bytes + last + messages)
}

fn plan() -> RpcPlan {
    let from = rpc::Endpoint::new("front")
        .with_namespace("eu")
        .with_method("page")
        .with_address("10.0.0.1:999")
        .with_tag("zone", "b");
    let _ = (from.service_name(), from.method(), from.address());
    RpcPlan::server("thrift")
        .with_from(from)
        .with_to(rpc::Endpoint::default())
        .with_service("shop", "Stock")
        .with_method("disabled")
        .with_streaming(StreamingMode::Server)
        .with_seq_id(3)
        .with_attempt(1)
        .with_rpc_timeout(Duration::from_secs(1))
        .with_connect_timeout(Duration::from_secs(1))
        .with_read_write_timeout(Duration::from_secs(1))
        .with_protocol("framed")
}

/// A call of each kind and with each end; whether it was known inside of the first.
pub async fn calls() -> bool {
    let mut headers = HashMap::<String, String>::new();
    let mut sent = RpcCall::send(RpcPlan::client("thrift").with_method("ask"), &mut headers);
    let mut served = RpcCall::serve(plan(), &headers);
    served.record(RPC_START);
    served.record_with(SERVER_HANDLE_START, EventStatus::Error, "slow");
    served.add_received(1, 10);
    served.add_sent(2, 20);
    served.set_method("asked");
    served.set_route("/asked");
    served.set_biz_status(1, "odd");
    served.set_peer_address("10.0.0.2:1");
    served.set_status(RpcStatus::Grpc(5));
    let known = served.within(|| RpcInfo::current().is_some());
    let info = served.info().cloned();
    assert_eq!(served.run(async { 3 }).await, 3);
    served.finish();
    let attempt = sent.within(|| RpcCall::start(plan().attempt_at_current()));
    attempt.fail(&std::fmt::Error);
    sent.fail_with(Failure::default());
    drop(RpcCall::start(plan()));
    assert_eq!(info.as_ref().map(described).is_some(), known);
    assert_eq!(RpcStatus::Grpc(5).as_text(), "NOT_FOUND");
    assert!(RpcStatus::Http(503).is_error(SpanKind::Server));
    known
}
