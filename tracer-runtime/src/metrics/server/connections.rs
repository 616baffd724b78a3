//! Takes connections, and keeps those that are slow or idle from using the server up.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::page;

/// What a client may use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// At the same time; the oldest makes room for the next one.
    pub(super) connections: usize,
    /// From the start of a connection, or the last answer, to the end of the next request's headers.
    pub(super) header_time: Duration,
    /// From the start of a connection; an answer under way has [`Self::closing_time`] more.
    pub(super) life_time: Duration,
    /// For the answer under way when a connection ends.
    pub(super) closing_time: Duration,
}

impl Limits {
    pub(super) const DEFAULT: Self = Self {
        connections: 64,
        header_time: Duration::from_secs(10),
        life_time: Duration::from_secs(120),
        closing_time: Duration::from_secs(10),
    };
}

/// Bytes of a request's headers, and of an answer that waits to be written.
const BUFFER_BYTES: usize = 16 << 10;

/// Runs until it is dropped. `stop` ends the connections.
pub(super) async fn accept(
    listener: TcpListener,
    path: Arc<str>,
    stop: watch::Receiver<()>,
    limits: Limits,
) {
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(_) => {
                // Mostly no file descriptor is left: wait for one, the client waits in the backlog.
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        open.retain(|connection| !connection.is_finished());
        // Answers take milliseconds, so the oldest is one that waits for its client.
        while open.len() >= limits.connections {
            if let Some(oldest) = open.pop_front() {
                oldest.abort();
            }
        }
        let connection = tokio::spawn(serve(stream, path.clone(), stop.clone(), limits));
        open.push_back(connection.abort_handle());
    }
}

async fn serve(stream: TcpStream, path: Arc<str>, mut stop: watch::Receiver<()>, limits: Limits) {
    let answer = |request: Request<Incoming>| {
        let answer = page::answer(&request, &path);
        async move { Ok::<_, Infallible>(answer) }
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    let mut connection = pin!(connection);
    let mut ending = pin!(timeout(limits.life_time, stop.changed()));
    // What went wrong between a client and us is nobody else's business.
    let finished = poll_fn(|cx| {
        if connection.as_mut().poll(cx).is_ready() {
            return Poll::Ready(true);
        }
        ending.as_mut().poll(cx).map(|_| false)
    });
    if !finished.await {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(limits.closing_time, connection).await;
    }
}
