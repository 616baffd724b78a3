//! Tracers as `init` installs them: what they are told of streams, and what they cost and break.
#![cfg(all(target_os = "linux", feature = "full"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::panic::catch_unwind;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::stream;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, StreamBody};
use support::{metric, run_child, stderr_of};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tracer_runtime::integrations::tower::{ClientLayer, Observed, ServerLayer};
use tracer_runtime::rpc::{
    READ_START, RpcCall, RpcInfo, RpcPlan, StatsLevel, StreamEvent, StreamEventKind, Tracer,
    kitex_metrics,
};
use tracer_runtime::{Sampler, SpanKind, builder};

#[test]
fn child() {
    match std::env::var(support::CHILD).as_deref() {
        Ok("streams") => streams(),
        Ok("streams that break") => streams_that_break(),
        Ok("attempts") => attempts(),
        Ok("no tracer") => no_tracer(),
        Ok("base") => base(),
        Ok("panics") => panics(),
        Ok("blocks") => blocks(),
        Ok("nothing sampled") => nothing_sampled(),
        Ok("same name twice") => same_name_twice(),
        _ => {}
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let mut task = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut task) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("it waits for nobody"),
    }
}

/// Their errors are texts.
type Messages = BoxBody<Bytes, &'static str>;

/// Messages of gRPC, the last of seven bytes, and then the status.
fn messages(count: usize, trailers: bool) -> Messages {
    let message = move |i: usize| {
        let length = if i + 1 == count { 7 } else { 3 };
        let mut message = BytesMut::new();
        message.put_u8(0);
        message.put_u32(length);
        message.put_bytes(b'x', length as usize);
        Ok::<_, &'static str>(Frame::data(message.freeze()))
    };
    let mut status = HeaderMap::new();
    status.insert("grpc-status", "0".parse().unwrap());
    let last = trailers.then(|| Ok(Frame::trailers(status)));
    let frames: Vec<_> = (0..count).map(message).chain(last).collect();
    BoxBody::new(StreamBody::new(stream::iter(frames)))
}

/// A call from a client to a server, with so many messages each way.
fn exchange(asked: usize, answered: usize) {
    let handler = service_fn(move |request: Request<Observed<Messages>>| async move {
        request.into_body().collect().await.unwrap();
        let mut response = Response::new(messages(answered, true));
        let headers = response.headers_mut();
        headers.insert("content-type", "application/grpc".parse().unwrap());
        Ok::<_, Infallible>(response)
    });
    let server = ServerLayer::new().layer(handler);
    let client = ClientLayer::new().layer(service_fn(move |request: Request<_>| {
        server.clone().oneshot(request.map(BoxBody::new))
    }));
    let request = Request::post("/shop.Stock/Exchange").header("content-type", "application/grpc");
    let request = request.body(messages(asked, false)).unwrap();
    run(async {
        let response = client.oneshot(request).await.unwrap();
        assert!(!response.body().is_end_stream());
        response.into_body().collect().await.unwrap();
    });
}

/// Counts what it is told of streams, by side.
#[derive(Clone, Default)]
struct Streams(Arc<Mutex<BTreeMap<String, usize>>>);

impl Streams {
    fn add(&self, rpc: &RpcInfo, what: &str, count: usize) {
        let side = match rpc.kind() {
            SpanKind::Client => "client",
            _ => "server",
        };
        *self
            .0
            .lock()
            .unwrap()
            .entry(format!("{side} {what}"))
            .or_default() += count;
    }
}

impl Tracer for Streams {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {}

    fn finish(&self, rpc: &RpcInfo, (): ()) {
        let stats = rpc.stats();
        for (what, count) in [
            ("messages sent", stats.messages_sent()),
            ("messages received", stats.messages_received()),
            ("bytes sent", stats.send_size()),
            ("bytes received", stats.recv_size()),
            ("last sent", stats.last_send_size()),
            ("last received", stats.last_recv_size()),
        ] {
            self.add(rpc, what, count as usize);
        }
    }

    fn stream_event(&self, rpc: &RpcInfo, event: &StreamEvent) {
        let what = match event.kind() {
            StreamEventKind::Start => "start",
            StreamEventKind::HeaderReceived => "header",
            StreamEventKind::Received => "received",
            StreamEventKind::Sent => "sent",
            StreamEventKind::Finish => "finish",
            other => panic!("{other:?}"),
        };
        self.add(rpc, what, 1);
    }
}

#[test]
fn a_tracer_hears_of_a_thousand_messages_each_way_and_all_are_counted() {
    stderr_of(&run_child("streams").output().unwrap());
}

fn streams() {
    let told = Streams::default();
    let telemetry = builder().with_tracer(told.clone()).init().unwrap();
    exchange(1_000, 1_001);
    let expected = [
        ("client bytes received", 3 * 1_000 + 7),
        ("client bytes sent", 3 * 999 + 7),
        ("client finish", 1),
        ("client header", 1),
        ("client last received", 7),
        ("client last sent", 7),
        ("client messages received", 1_001),
        ("client messages sent", 1_000),
        ("client received", 1_000),
        ("client sent", 1_000),
        ("client start", 1),
        ("server bytes received", 3 * 999 + 7),
        ("server bytes sent", 3 * 1_000 + 7),
        ("server finish", 1),
        ("server last received", 7),
        ("server last sent", 7),
        ("server messages received", 1_000),
        ("server messages sent", 1_001),
        ("server received", 1_000),
        ("server sent", 1_000),
        ("server start", 1),
    ];
    let counts = told.0.lock().unwrap().clone();
    let counts: Vec<_> = counts.iter().map(|(what, n)| (what.as_str(), *n)).collect();
    assert_eq!(counts, expected);

    // The cap is that of one call.
    exchange(1_500, 20_000);
    let counts = told.0.lock().unwrap().clone();
    let told_twice = [
        "client received",
        "client sent",
        "server received",
        "server sent",
    ];
    assert_eq!(told_twice.map(|what| counts[what]), [2_000; 4]);
    let method = r#"rpc_system_name="grpc",rpc_method="shop.Stock/Exchange""#;
    for (name, sum) in [("received", 2_500), ("sent", 21_001)] {
        let name = format!("tracer_rpc_server_{name}_messages_total{{{method}}}");
        assert_eq!(metric(&name), sum, "{name}");
    }
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}

/// Writes down what it is told of streams.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Tracer for Diary {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {}

    fn finish(&self, rpc: &RpcInfo, (): ()) {
        let outcome = rpc.stats().outcome().unwrap();
        self.0
            .lock()
            .unwrap()
            .push(format!("{:?} is {}", rpc.kind(), outcome.as_str()));
    }

    fn stream_event(&self, rpc: &RpcInfo, event: &StreamEvent) {
        let (side, kind, error) = (rpc.kind(), event.kind(), event.error());
        let line = match error {
            None => format!("{side:?} {kind:?}"),
            Some(error) => format!("{side:?} {kind:?}: {error}"),
        };
        self.0.lock().unwrap().push(line);
    }
}

impl Diary {
    /// What one side was told, since it was asked last.
    fn told(&self, side: SpanKind) -> Vec<String> {
        let mut lines = self.0.lock().unwrap();
        let side = format!("{side:?} ");
        let told = lines.extract_if(.., |line| line.starts_with(&side));
        told.map(|line| line[side.len()..].to_owned()).collect()
    }
}

/// What becomes of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Refused,
    Waits,
    Panics,
    LosesItsLine,
    SaysWhatIsWrong,
    IsLeft,
}

async fn answer(fate: Fate) -> Result<Response<Messages>, &'static str> {
    match fate {
        Fate::Refused => return Err("closed today"),
        Fate::Waits => std::future::pending().await,
        Fate::Panics => panic!("on purpose"),
        _ => {}
    }
    let mut status = HeaderMap::new();
    status.insert("grpc-status", "13".parse().unwrap());
    status.insert("grpc-message", "it burns".parse().unwrap());
    let last = match fate {
        Fate::LosesItsLine => Err("the line is cut"),
        _ => Ok(Frame::trailers(status)),
    };
    let message = Frame::data(Bytes::from_static(&[0, 0, 0, 0, 1, b'x']));
    let body = StreamBody::new(stream::iter([Ok(message), last]));
    let mut response = Response::new(BoxBody::new(body));
    let content_type = "application/grpc".parse().unwrap();
    response.headers_mut().insert("content-type", content_type);
    Ok(response)
}

/// A call whose fate is known.
fn suffer(fate: Fate) {
    let handler = service_fn(move |_: Request<Observed<Messages>>| answer(fate));
    let server = ServerLayer::new().layer(handler);
    let client = ClientLayer::new().layer(service_fn(move |request: Request<_>| {
        server.clone().oneshot(request.map(BoxBody::new))
    }));
    let request = Request::post("/shop.Stock/Suffer").header("content-type", "application/grpc");
    let request = request.body(messages(0, false)).unwrap();
    let mut task = Context::from_waker(Waker::noop());
    let mut answer = Box::pin(client.oneshot(request));
    let Poll::Ready(Ok(response)) = answer.as_mut().poll(&mut task) else {
        return;
    };
    let mut body = response.into_body();
    run(body.frame()).unwrap().unwrap();
    if fate != Fate::IsLeft {
        let _ = run(body.collect());
    }
}

#[test]
fn the_end_of_a_stream_is_told_once_whatever_becomes_of_it() {
    stderr_of(&run_child("streams that break").output().unwrap());
}

fn streams_that_break() {
    std::panic::set_hook(Box::new(|_| {}));
    let diary = Diary::default();
    let telemetry = builder().with_tracer(diary.clone()).init().unwrap();
    for (fate, client, server) in [
        (
            Fate::Refused,
            ["Finish: closed today", "is error"].as_slice(),
            ["Finish: closed today", "is error"].as_slice(),
        ),
        (
            Fate::Waits,
            &["Finish", "is cancelled"],
            &["Finish", "is cancelled"],
        ),
        (
            Fate::Panics,
            &["Finish: on purpose", "is panic"],
            &["Finish: on purpose", "is panic"],
        ),
        (
            Fate::LosesItsLine,
            &[
                "HeaderReceived",
                "Received",
                "Received: the line is cut",
                "Finish: the line is cut",
                "is error",
            ],
            &[
                "Sent",
                "Sent: the line is cut",
                "Finish: the line is cut",
                "is error",
            ],
        ),
        (
            Fate::SaysWhatIsWrong,
            &["HeaderReceived", "Received", "Finish: it burns", "is error"],
            &["Sent", "Finish: it burns", "is error"],
        ),
        (
            Fate::IsLeft,
            &["HeaderReceived", "Received", "Finish", "is cancelled"],
            &["Sent", "Finish", "is cancelled"],
        ),
    ] {
        let suffered = catch_unwind(|| suffer(fate));
        assert_eq!(suffered.is_err(), fate == Fate::Panics, "{fate:?}");
        for (side, expected) in [(SpanKind::Client, client), (SpanKind::Server, server)] {
            let told = diary.told(side);
            assert_eq!(told[0], "Start", "{side:?} of {fate:?}");
            assert_eq!(told[1..], *expected, "{side:?} of {fate:?}");
        }
    }
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}

fn call() {
    RpcCall::start(RpcPlan::server("thrift").with_method("reserve")).finish();
}

#[test]
fn a_call_of_several_attempts_is_told_and_counted_as_one() {
    stderr_of(&run_child("attempts").output().unwrap());
}

fn attempts() {
    let told = Streams::default();
    let telemetry = builder()
        .with_tracer(told.clone())
        .with_tracer(kitex_metrics())
        .init()
        .unwrap();
    let plan = RpcPlan::client("thrift").with_method("reserve");
    let mut call = RpcCall::start(plan.clone());
    let mut parents = Vec::new();
    for _ in 0..3 {
        let mut headers = std::collections::HashMap::new();
        let plan = plan.clone();
        let attempt = call.within(|| RpcCall::send(plan.attempt_at_current(), &mut headers));
        attempt.add_sent(1, 10);
        attempt.fail(&std::fmt::Error);
        parents.push(headers["traceparent"].clone());
    }
    parents.dedup();
    assert_eq!(parents.len(), 3, "each has a span of its own");
    call.add_sent(1, 10);
    call.finish();
    assert_eq!(told.0.lock().unwrap()["client messages sent"], 1);
    let labels = r#"type="unary",caller="unknown",callee="unknown",method="reserve""#;
    let throughput = format!("kitex_client_throughput{{{labels},status=\"succeed\",retry=\"2\"}}");
    assert_eq!(metric(&throughput), 1);
    assert_eq!(support::samples("kitex_client_throughput{").len(), 1);
    let durations = support::samples("rpc_client_call_duration_seconds_count{");
    assert_eq!(
        durations.iter().map(|(_, n)| n).sum::<u64>(),
        1,
        "{durations:?}"
    );
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}

#[test]
fn the_lifecycle_is_noted_where_there_is_a_tracer_unless_said() {
    for which in ["no tracer", "base"] {
        stderr_of(&run_child(which).output().unwrap());
    }
}

/// How many events a call has, and up to which level.
fn noted() -> (usize, StatsLevel) {
    let call = RpcCall::start(RpcPlan::server("thrift"));
    let info = call.info().unwrap().clone();
    call.record(READ_START);
    call.finish();
    (info.stats().events().len(), info.stats().level())
}

fn no_tracer() {
    let telemetry = builder().init().unwrap();
    assert_eq!(noted(), (2, StatsLevel::Base));
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}

fn base() {
    let diary = Diary::default();
    let telemetry = builder().with_tracer(diary.clone());
    let telemetry = telemetry.with_stats_level(StatsLevel::Base).init().unwrap();
    assert_eq!(noted(), (2, StatsLevel::Base));
    suffer(Fate::SaysWhatIsWrong);
    assert_eq!(diary.told(SpanKind::Client), ["is error"]);
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}

/// Breaks whenever it can.
struct Broken;

impl Tracer for Broken {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {}

    fn finish(&self, _rpc: &RpcInfo, (): ()) {
        panic!("on purpose");
    }
}

#[test]
fn a_tracer_that_panics_is_counted_every_time_and_said_once_a_minute() {
    let text = stderr_of(&run_child("panics").output().unwrap());
    let said: Vec<_> = text.lines().filter(|l| l.starts_with("tracer: ")).collect();
    assert_eq!(said.len(), 1, "{text}");
    assert!(
        said[0].contains("rpc_tracers::Broken panicked in `finish`"),
        "{text}"
    );
}

fn panics() {
    std::panic::set_hook(Box::new(|_| {}));
    let telemetry = builder().with_tracer(Broken).init().unwrap();
    let begin = Instant::now();
    for _ in 0..100 {
        call();
    }
    assert!(
        begin.elapsed() < Duration::from_secs(60),
        "else it says so twice"
    );
    let panics = metric("tracer_callback_panics_total{tracer=\"rpc_tracers::Broken\"}");
    assert_eq!(panics, 100);
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}

/// Keeps the call waiting.
struct Slow;

const BLOCKED: Duration = Duration::from_millis(20);

impl Tracer for Slow {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {
        let begin = Instant::now();
        while begin.elapsed() < BLOCKED {}
    }

    fn finish(&self, _rpc: &RpcInfo, (): ()) {}
}

#[test]
fn a_tracer_that_blocks_shows_in_the_duration_of_its_callbacks() {
    stderr_of(&run_child("blocks").output().unwrap());
}

fn blocks() {
    let telemetry = builder().with_tracer(Slow).init().unwrap();
    for _ in 0..3 {
        call();
    }
    let labels = "tracer=\"rpc_tracers::Slow\"";
    let below = |le| {
        metric(&format!(
            "tracer_callback_duration_seconds_bucket{{{labels},le=\"{le}\"}}"
        ))
    };
    assert_eq!(below("+Inf"), 6, "three starts and three finishes");
    assert!(below("0.01") <= 3, "no start was as short as that");
    let text = tracer_runtime::metrics::encode();
    let sum = format!("tracer_callback_duration_seconds_sum{{{labels}}} ");
    let sum = text
        .lines()
        .find_map(|line| line.strip_prefix(&sum))
        .unwrap();
    assert!(
        sum.parse::<f64>().unwrap() >= 3.0 * BLOCKED.as_secs_f64(),
        "{sum} s"
    );
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}

#[test]
fn what_is_not_sampled_is_counted_exactly_and_says_so_to_the_next() {
    stderr_of(&run_child("nothing sampled").output().unwrap());
}

fn nothing_sampled() {
    let telemetry = builder()
        .with_sampler(Sampler::ratio(0.0))
        .with_tracer(kitex_metrics())
        .init()
        .unwrap();
    for _ in 0..50 {
        let mut headers = std::collections::HashMap::new();
        let plan = RpcPlan::client("thrift").with_method("reserve");
        let client = RpcCall::send(plan, &mut headers);
        let sent = headers["traceparent"].clone();
        assert!(sent.ends_with("-00"), "{sent}");
        let server = RpcCall::serve(RpcPlan::server("thrift").with_method("reserve"), &headers);
        let ids = server.info().unwrap().ids().unwrap();
        assert_eq!(
            (ids.trace_id.to_string().as_str(), ids.sampled),
            (&sent[3..35], false)
        );
        server.finish();
        client.finish();
    }
    let kitex = r#"type="unary",caller="unknown",callee="unknown",method="reserve",status="succeed",retry="0""#;
    for side in ["client", "server"] {
        for (name, labels) in [
            (format!("kitex_{side}_throughput"), kitex),
            (format!("kitex_{side}_latency_us_count"), kitex),
            (
                format!("rpc_{side}_call_duration_seconds_count"),
                r#"rpc_system_name="thrift",rpc_method="reserve""#,
            ),
        ] {
            assert_eq!(metric(&format!("{name}{{{labels}}}")), 50, "{name}");
        }
    }
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}

#[test]
fn one_family_with_two_sets_of_boundaries_is_an_error_that_names_it() {
    stderr_of(&run_child("same name twice").output().unwrap());
}

fn same_name_twice() {
    let finer = || kitex_metrics().with_boundaries(&[10.0, 100.0]);
    let error = builder().with_tracer(finer()).with_tracer(kitex_metrics());
    let error = error.init().unwrap_err().to_string();
    for said in [
        "with_tracer",
        "kitex_server_latency_us",
        "kitex_client_latency_us",
        "10.0, 100.0",
    ] {
        assert!(error.contains(said), "{said} in {error}");
    }
    // The same ones are no conflict, whoever else is there.
    let telemetry = builder()
        .with_tracer(finer())
        .with_tracer(Broken)
        .with_tracer(finer());
    let telemetry = telemetry.init().unwrap();
    std::panic::set_hook(Box::new(|_| {}));
    call();
    let text = tracer_runtime::metrics::encode();
    let count = text
        .lines()
        .filter(|line| line.starts_with("kitex_server_latency_us_bucket{"));
    assert_eq!(count.count(), 3, "{text}");
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}
