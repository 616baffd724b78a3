//! The customers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tracer_runtime::{current_ids, traced};

use crate::counts::{Fate, Report, count};

type Http = Client<HttpConnector, Body>;

#[derive(Debug)]
pub(crate) struct Failed {
    status: Option<StatusCode>,
    trace: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "the shop answered {status}"),
            None => f.write_str("the shop did not answer"),
        }
    }
}

impl std::error::Error for Failed {}

#[traced(client)]
async fn buy(http: Http, request: Request<Body>) -> Result<(), Failed> {
    let trace = current_ids()
        .map(|ids| ids.trace_id.to_string())
        .unwrap_or_default();
    let status = http
        .request(request)
        .await
        .ok()
        .map(|response| response.status());
    match status {
        Some(StatusCode::CREATED) => {
            count("buy", Fate::Ok);
            Ok(())
        }
        status => {
            count("buy", Fate::Error);
            Err(Failed { status, trace })
        }
    }
}

/// Sends requests until there are enough, or for ever where `requests` is `None`.
pub(crate) async fn run(
    front: String,
    requests: Option<u64>,
    concurrency: u64,
    pause: Duration,
) -> Report {
    let http: Http = Client::builder(TokioExecutor::new()).build_http();
    let next = Arc::new(AtomicU64::new(0));
    let customers: Vec<_> = (0..concurrency)
        .map(|_| {
            let (http, next, front) = (http.clone(), next.clone(), front.clone());
            tokio::spawn(async move {
                let mut report = Report::default();
                loop {
                    let order = next.fetch_add(1, Relaxed);
                    if requests.is_some_and(|n| order >= n) {
                        return report;
                    }
                    let request =
                        Request::post(format!("{front}/orders/{order}")).body(Body::empty());
                    let Ok(request) = request else { return report };
                    let start = Instant::now();
                    let bought = buy(http.clone(), request).await;
                    report.durations_ns.push(start.elapsed().as_nanos() as u64);
                    if let Err(failed) = bought {
                        report.failed_traces.push(failed.trace);
                    }
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                }
            })
        })
        .collect();
    let mut all = Report::default();
    for customer in customers {
        if let Ok(report) = customer.await {
            all.durations_ns.extend(report.durations_ns);
            all.failed_traces.extend(report.failed_traces);
        }
    }
    all
}
