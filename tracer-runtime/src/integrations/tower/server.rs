//! Calls that arrive.

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
use super::said::Said;
use super::watch::Way;
use crate::context::RANDOM;
use crate::mode;
use crate::rpc::{Inside, RpcCall, RpcInfo};

/// Makes every request that a service gets a call: its span under the caller's, its lifecycle, its metrics.
///
/// For HTTP and gRPC alike, around a router, a service or a whole server. The call starts when the request arrives and
/// is over when the last byte of the response has left, or when the client is gone; trailers and sizes are part of it. The
/// handler's own spans are its children.
///
/// | what is served | its span is called |
/// |---|---|
/// | gRPC | `package.Service/Method`, once the service has shown that it knows it; `grpc` until then |
/// | HTTP | `GET /orders/{id}` where axum tells the route (`Router::layer`), else `GET` |
///
/// Handlers find the [`RpcInfo`] in the extensions of the request, and by [`RpcInfo::current`]. A layer inside of another
/// one adds nothing.
///
/// ```
/// use tracer_runtime::integrations::tower::ServerLayer;
///
/// # #[cfg(feature = "axum")]
/// let app: axum::Router =
///     axum::Router::new().route("/", axum::routing::get(|| async { "hello" })).layer(ServerLayer::new());
/// ```
#[derive(Debug, Clone, Default)]
pub struct ServerLayer {
    settings: Settings,
}

/// A service whose requests are calls. Made by [`ServerLayer`].
#[derive(Debug, Clone)]
pub struct ServerService<S> {
    inner: S,
    settings: Settings,
}

#[derive(Debug, Clone, Default)]
struct Settings {
    filter: Filter,
    answer_panics: bool,
    silent: bool,
}

impl ServerLayer {
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

    /// Answers a request whose handler has panicked: 500, or `INTERNAL` for gRPC. Without it the panic goes on to whoever
    /// polls the service, after it has been recorded.
    #[must_use]
    pub fn answering_panics(mut self) -> Self {
        self.settings.answer_panics = true;
        self
    }

    /// Does not tell the caller, in a `traceresponse` header, which trace its request was part of. Callers over gRPC are never
    /// told: a header whose value is always new pushes those that repeat out of the connection's table.
    ///
    /// <https://www.w3.org/TR/trace-context-2/#trace-context-http-response-headers-format>
    #[must_use]
    pub fn without_traceresponse(mut self) -> Self {
        self.settings.silent = true;
        self
    }
}

impl Settings {
    /// Starts the call of a request.
    #[inline(never)]
    fn start<'a>(&self, head: &Head<'_>, call: &'a mut RpcCall) -> (Inside<'a>, Answering) {
        let said = Said::by(head.headers);
        let (draft, is_grpc) = request::served(head, &said);
        let remote = said.context(head.headers);
        let answering = Answering {
            way: Way::Sent,
            is_grpc,
            is_head: head.method == Some(&Method::HEAD),
            answer_panics: self.answer_panics,
            traceresponse: !(is_grpc || self.silent),
            random: remote.as_ref().is_some_and(|r| r.flags & RANDOM != 0),
        };
        (call.start_served(draft, remote), answering)
    }
}

impl<S> Layer<S> for ServerLayer {
    type Service = ServerService<S>;

    fn layer(&self, inner: S) -> ServerService<S> {
        ServerService {
            inner,
            settings: self.settings.clone(),
        }
    }
}

impl<S, B, R> Service<Request<B>> for ServerService<S>
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
        let wanted = mode::get() != 0
            && request.extensions().get::<RpcInfo>().is_none()
            && self.settings.filter.wants(request.uri().path());
        if !wanted {
            return ResponseFuture::pass_over(&mut self.inner, request);
        }
        let mut future = ResponseFuture::unsent();
        let mut call = RpcCall::unstarted();
        let (inside, answering) = self.settings.start(&Head::of_request(&request), &mut call);
        let observer = inside.info().map(|info| {
            request.extensions_mut().insert::<RpcInfo>(info.clone());
            Observer::begin(info, Way::Received, answering.is_grpc)
        });
        // The one place where it is handed on: what is below comes in whole wherever that is.
        let request = request.map(|body| observed(body, observer));
        future.send(self.inner.call(request));
        inside.leave();
        future.begin(call, answering);
        future
    }
}
