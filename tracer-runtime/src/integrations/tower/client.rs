//! Calls that leave.

use std::fmt;
use std::task::{Context, Poll};

use http::{HeaderName, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::filter::Filter;
use super::observe::{ObserveBody, Observer};
use super::request;
use super::response::ResponseBody;
use super::response_future::{Answering, ResponseFuture};
use super::watch::{Watch, Way};
use crate::mode;
use crate::propagation::inject;
use crate::rpc::{Endpoint, RpcCall, RpcInfo, StreamEventKind};

/// Makes every request that a client sends a call: its span under the current one, its lifecycle, its metrics; the other
/// side goes on under it.
///
/// For HTTP and gRPC alike, around a `tonic` `Channel`, a `hyper` client, a `reqwest::Client`. The call is over when the
/// last byte of the response has arrived; a gRPC stream that is dropped before is `cancelled`, an HTTP response whose body
/// nobody wants went as its head says.
///
/// Where requests are retried, put one layer around the retries and one inside of them: the outer one sees the call, the
/// inner one its attempts, each a span of its own with its number. So it is within a `#[traced(client)]` function: that is
/// the call, and what the layer sees are its attempts.
///
/// ```
/// use tracer_runtime::integrations::tower::ClientLayer;
/// use tracer_runtime::rpc::Endpoint;
///
/// // A gRPC channel does not tell its requests where they go.
/// let layer = ClientLayer::new().with_to(Endpoint::new("stock").with_address("stock.local:50051"));
/// # let _ = layer;
/// ```
#[derive(Debug, Clone, Default)]
pub struct ClientLayer {
    settings: Settings,
}

/// A client whose requests are calls. Made by [`ClientLayer`].
#[derive(Debug, Clone)]
pub struct ClientService<S> {
    inner: S,
    settings: Settings,
}

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    filter: Filter,
    to: Endpoint,
}

/// In the extensions of a request: the call that it is an attempt at.
#[derive(Debug, Clone)]
pub(crate) struct Tried(RpcInfo);

impl ClientLayer {
    /// Looks at everything but the health checks and the reflection of gRPC.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at what the filter wants looked at.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.settings.filter = filter;
        self
    }

    /// Who is called. The address is taken from the request where none is said here.
    #[must_use]
    pub fn with_to(mut self, to: Endpoint) -> Self {
        self.settings.to = to;
        self
    }
}

#[cfg(feature = "reqwest")]
impl ClientLayer {
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }
}

#[cfg(feature = "reqwest")]
impl<S> ClientService<S> {
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn inner(&mut self) -> &mut S {
        &mut self.inner
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = ClientService<S>;

    fn layer(&self, inner: S) -> ClientService<S> {
        ClientService {
            inner,
            settings: self.settings.clone(),
        }
    }
}

impl Settings {
    /// Starts the call of a request and writes its context into it; `None` where nobody looks at it.
    pub(crate) fn start(&self, parts: &mut http::request::Parts) -> Option<(RpcCall, Answering)> {
        if mode::get() == 0 || !self.filter.wants(parts.uri.path()) {
            return None;
        }
        let (mut plan, is_grpc) = request::sent(parts, &self.to);
        match parts.extensions.get() {
            Some(Tried(call)) => plan.set_attempt_at(call),
            None => plan.set_attempt_of_function(),
        }
        let mut call = RpcCall::start_boxed(plan);
        call.within(|| inject(&mut parts.headers));
        if let Some(value) = parts.headers.get_mut(&TRACEPARENT) {
            // Never twice the same: HTTP/2 must not index it and evict what does repeat.
            value.set_sensitive(true);
        }
        let info = call.info()?;
        if !info.invocation().is_attempt() {
            parts.extensions.insert(Tried(info.clone()));
        }
        if is_grpc {
            info.stream_event(StreamEventKind::Start, 0, None);
        }
        let answering = Answering {
            way: Way::Received,
            is_grpc,
            method: parts.method.clone(),
            answer_panics: false,
            traceresponse: false,
        };
        Some((call, answering))
    }
}

impl<S, B, R> Service<Request<B>> for ClientService<S>
where
    B: ObserveBody,
    S: Service<Request<B::Observed>, Response = Response<R>, Error: fmt::Display>,
    R: http_body::Body<Error: fmt::Display>,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let Some((mut call, answering)) = self.settings.start(&mut parts) else {
            let request = Request::from_parts(parts, body.pass_over());
            return ResponseFuture::passed_over(self.inner.call(request));
        };
        let body = match call.info() {
            Some(info) => {
                let watch = Watch::new(info.clone(), Way::Sent, answering.is_grpc);
                body.observe(Observer(watch))
            }
            None => body.pass_over(),
        };
        let request = Request::from_parts(parts, body);
        let future = call.within(|| self.inner.call(request));
        ResponseFuture::new(future, call, answering)
    }
}
