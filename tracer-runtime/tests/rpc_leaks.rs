//! A hundred thousand calls, of which a third is dropped somewhere, a third fails and some panic: each is finished once.
#![cfg(all(feature = "tower", feature = "metrics", feature = "enable"))]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test"
)]

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::Empty;
use tower::{Layer as _, Service as _, service_fn};
use tracer_runtime::CallOutcome;
use tracer_runtime::integrations::tower::{Observed, ServerLayer};
use tracer_runtime::rpc::{RpcInfo, Tracer};

const CALLS: u64 = 100_000;

/// Counts who started, who finished and how.
#[derive(Clone, Default)]
struct Counts(Arc<Counters>);

#[derive(Default)]
struct Counters {
    open: AtomicI64,
    started: AtomicU64,
    finished: [AtomicU64; CallOutcome::ALL.len()],
}

impl Tracer for Counts {
    type State = Self;

    fn start(&self, _rpc: &RpcInfo) -> Self {
        self.0.open.fetch_add(1, Relaxed);
        self.0.started.fetch_add(1, Relaxed);
        self.clone()
    }

    fn finish(&self, rpc: &RpcInfo, state: Self) {
        state.0.open.fetch_sub(1, Relaxed);
        let outcome = rpc.stats().outcome().unwrap();
        state.0.finished[outcome as usize].fetch_add(1, Relaxed);
    }
}

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Fine,
    Fails,
    Panics,
    PanicsInItsBody,
    DroppedUnpolled,
    DroppedWaiting,
    DroppedInItsBody,
}

/// Some frames, between which it waits.
struct Frames {
    left: u32,
    waits: bool,
    panics: bool,
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        assert!(!self.panics, "on purpose");
        self.waits = !self.waits;
        if self.waits {
            return Poll::Pending;
        }
        match self.left {
            0 => Poll::Ready(None),
            _ => {
                self.left -= 1;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"frame")))))
            }
        }
    }
}

async fn handle(fate: Fate) -> Result<Response<Frames>, Infallible> {
    std::future::poll_fn({
        let mut polls = 0;
        move |_| {
            polls += 1;
            match polls {
                1 => Poll::Pending,
                _ => Poll::Ready(()),
            }
        }
    })
    .await;
    assert!(fate != Fate::Panics, "on purpose");
    let mut response = Response::new(Frames {
        left: 2,
        waits: false,
        panics: fate == Fate::PanicsInItsBody,
    });
    if fate == Fate::Fails {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    Ok(response)
}

fn call(fate: Fate) {
    let mut service = ServerLayer::new().layer(service_fn(|request: Request<_>| {
        let fate = *request.extensions().get::<Fate>().unwrap();
        let _: &Observed<Empty<Bytes>> = request.body();
        handle(fate)
    }));
    let mut request = Request::get("/leaks").body(Empty::<Bytes>::new()).unwrap();
    request.extensions_mut().insert(fate);
    let mut task = Context::from_waker(Waker::noop());
    let mut future = pin!(service.call(request));
    if fate == Fate::DroppedUnpolled {
        return;
    }
    assert!(future.as_mut().poll(&mut task).is_pending());
    if fate == Fate::DroppedWaiting {
        return;
    }
    let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut task) else {
        unreachable!("the second poll answers");
    };
    let mut body = pin!(response.into_body());
    let mut polls = 0;
    loop {
        match body.as_mut().poll_frame(&mut task) {
            Poll::Ready(None) => return,
            Poll::Pending if fate == Fate::DroppedInItsBody && polls > 1 => return,
            _ => polls += 1,
        }
    }
}

fn next(random: &mut u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    *random
}

fn metric(name: &str) -> f64 {
    let text = tracer_runtime::metrics::encode();
    let lines = text
        .lines()
        .filter(|line| line.starts_with(&format!("{name}{{")));
    lines
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap())
        .sum()
}

#[test]
fn every_call_that_has_started_is_finished_once_whatever_becomes_of_it() {
    let counts = Counts::default();
    let telemetry = tracer_runtime::builder()
        .with_tracer(counts.clone())
        .init()
        .unwrap();
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut random = 0x2545_f491_4f6c_dd1d;
    let mut expected = [0; CallOutcome::ALL.len()];
    for _ in 0..CALLS {
        let (fate, outcome) = match next(&mut random) % 12 {
            0..4 => (Fate::Fine, CallOutcome::Ok),
            4 => (Fate::DroppedUnpolled, CallOutcome::Cancelled),
            5 => (Fate::DroppedWaiting, CallOutcome::Cancelled),
            6 | 7 => (Fate::DroppedInItsBody, CallOutcome::Cancelled),
            8..10 => (Fate::Fails, CallOutcome::Error),
            10 => (Fate::Panics, CallOutcome::Panic),
            _ => (Fate::PanicsInItsBody, CallOutcome::Panic),
        };
        expected[outcome as usize] += 1;
        let unwound = catch_unwind(AssertUnwindSafe(|| call(fate))).is_err();
        assert_eq!(unwound, outcome == CallOutcome::Panic, "{fate:?}");
    }
    std::panic::set_hook(quiet);

    let finished = counts
        .0
        .finished
        .each_ref()
        .map(|count| count.load(Relaxed));
    println!("finished by outcome: {finished:?}");
    assert_eq!(finished, expected);
    assert_eq!(counts.0.started.load(Relaxed), CALLS);
    assert_eq!(counts.0.open.load(Relaxed), 0);
    assert_eq!(
        metric("http_server_request_duration_seconds_count"),
        CALLS as f64
    );
    assert_eq!(metric("http_server_active_requests"), 0.0);
    assert!(RpcInfo::current().is_none());
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
    let lost: f64 = metric("tracer_records_dropped_total");
    let no_exporter = tracer_runtime::metrics::encode();
    let no_exporter = no_exporter
        .lines()
        .find(|line| line.contains("reason=\"no_exporter\""))
        .map_or(0.0, |line| {
            line.rsplit_once(' ').unwrap().1.parse().unwrap()
        });
    assert_eq!(lost, no_exporter, "nothing but an exporter was missing");
}
