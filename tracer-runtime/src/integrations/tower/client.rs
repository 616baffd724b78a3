//! Calls that leave.

use std::fmt;
use std::task::{Context, Poll};

use http::{Method, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::filter::Filter;
use super::observe::{ObserveBody, Observer, observed};
use super::request::{self, Head};
use super::response::ResponseBody;
use super::response_future::{Answering, ResponseFuture};
use super::watch::Way;
use crate::mode;
use crate::propagation::inject_request;
use crate::rpc::{Draft, Endpoint, Inside, RpcCall, RpcInfo};

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
    /// Whether anybody looks at calls of this path.
    pub(crate) fn wants(&self, path: &str) -> bool {
        mode::get() != 0 && self.filter.wants(path)
    }

    /// What is done with a request, and with its answer.
    #[inline(never)]
    fn describe(&self, head: &Head<'_>, tried: Option<&Tried>) -> (Draft, Answering) {
        let (mut draft, is_grpc) = request::sent(head, &self.to);
        draft.set_attempt(tried.map(|Tried(call)| call));
        let answering = Answering {
            way: Way::Received,
            is_grpc,
            is_head: head.method == Some(&Method::HEAD),
            answer_panics: false,
            traceresponse: false,
            random: false,
        };
        (draft, answering)
    }

    /// Starts the call of a request, and writes its context into it. Nobody observes what nobody records.
    #[inline]
    pub(crate) fn start<'a, B>(
        &self,
        request: &mut Request<B>,
        call: &'a mut RpcCall,
    ) -> (Inside<'a>, Option<Observer>, Answering) {
        let tried = request.extensions().get::<Tried>();
        let (draft, answering) = self.describe(&Head::of_request(request), tried);
        let inside = call.start_sent(draft);
        inject_request(request.headers_mut());
        let observer = inside.info().map(|info| {
            if !info.invocation().is_attempt() {
                request.extensions_mut().insert(Tried(info.clone()));
            }
            Observer::begin(info, Way::Sent, answering.is_grpc)
        });
        (inside, observer, answering)
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

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if !self.settings.wants(request.uri().path()) {
            return ResponseFuture::pass_over(&mut self.inner, request);
        }
        let mut future = ResponseFuture::unsent();
        let mut call = RpcCall::unstarted();
        let (inside, observer, answering) = self.settings.start(&mut request, &mut call);
        let request = request.map(|body| observed(body, observer));
        future.send(self.inner.call(request));
        inside.leave();
        future.begin(call, answering);
        future
    }
}
