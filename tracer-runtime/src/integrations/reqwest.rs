//! Calls of `reqwest`: as a tower service, or as a middleware of `reqwest-middleware`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Extensions;
use http::request::Parts;
use pin_project_lite::pin_project;
use reqwest::{Body, Request, Response, ResponseBuilderExt as _};
use reqwest_middleware::Next;
use tower_service::Service;

use super::tower::{Answering, ClientLayer, ClientService, ClientSettings, Tried};
use super::tower::{Observed, Observer, Way, begun, failure};
use crate::rpc::RpcCall;

/// A middleware for `reqwest-middleware` that makes every request a call.
///
/// Put one in front of a middleware that retries, and one behind it: the first sees the call, the second its attempts.
///
/// ```
/// use tracer_runtime::integrations::reqwest::CallMiddleware;
///
/// let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(CallMiddleware::new()).build();
/// # let _ = client;
/// ```
#[derive(Debug, Clone, Default)]
pub struct CallMiddleware(ClientSettings);

impl CallMiddleware {
    /// Looks at every request.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at requests as this layer does.
    #[must_use]
    pub fn from_layer(layer: &ClientLayer) -> Self {
        Self(layer.settings().clone())
    }
}

/// Starts the call of a request; `None` where nobody looks at it.
fn start(
    settings: &ClientSettings,
    request: &mut Request,
    extensions: &mut Extensions,
) -> Option<(RpcCall, Answering)> {
    let parts = head(request, extensions)?;
    if !settings.wants(parts.uri.path()) {
        *extensions = parts.extensions;
        return None;
    }
    let (call, answering, parts) = settings.send(parts, |parts, _| parts);
    *extensions = parts.extensions;
    *request.headers_mut() = parts.headers;
    observe(&call, request);
    Some((call, answering))
}

fn head(request: &Request, extensions: &mut Extensions) -> Option<Parts> {
    let head = http::Request::builder()
        .method(request.method())
        .uri(request.url().as_str())
        .version(request.version());
    let (mut parts, ()) = head.body(()).ok()?.into_parts();
    parts.headers = request.headers().clone();
    parts.extensions = std::mem::take(extensions);
    Some(parts)
}

/// Counts the body. One that may be sent again, to where a redirect points, stays as it is.
fn observe(call: &RpcCall, request: &mut Request) {
    let Some(info) = call.info() else { return };
    let Some(body) = request.body_mut() else {
        return;
    };
    if let Some(bytes) = body.as_bytes() {
        return call.add_sent(0, bytes.len() as u64);
    }
    let observer = Observer::new(info.clone(), Way::Sent, false);
    let inner = std::mem::take(body);
    *body = Body::wrap(Observed::new(inner, observer));
}

/// Goes on with the call until the end of the response.
fn answered(call: RpcCall, answering: &Answering, response: Response) -> Response {
    let url = response.url().clone();
    let response = http::Response::<Body>::from(response);
    let mut response = begun(
        call,
        Way::Received,
        answering.is_grpc,
        &answering.method,
        response,
    );
    let named = http::Response::builder().url(url).body(());
    if let Ok(named) = named {
        response
            .extensions_mut()
            .extend(named.into_parts().0.extensions);
    }
    Response::from(response.map(Body::wrap))
}

#[async_trait::async_trait]
impl reqwest_middleware::Middleware for CallMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let Some((mut call, answering)) = start(&self.0, &mut request, extensions) else {
            return next.run(request, extensions).await;
        };
        let answer = call.run(next.run(request, extensions)).await;
        // The next request of this client is no attempt at this one.
        if let Some(info) = call.info()
            && !info.invocation().is_attempt()
        {
            extensions.remove::<Tried>();
        }
        match answer {
            Ok(response) => Ok(answered(call, &answering, response)),
            Err(error) => {
                call.fail_with(failure(&error));
                Err(error)
            }
        }
    }
}

impl<S> Service<Request> for ClientService<S>
where
    S: Service<Request, Response = Response, Error: fmt::Display>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ReqwestFuture<S::Future>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner().poll_ready(task)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let started = start(self.settings(), &mut request, &mut Extensions::new());
        let Some((mut call, answering)) = started else {
            return ReqwestFuture {
                inner: self.inner().call(request),
                under_way: None,
            };
        };
        let inner = call.within(|| self.inner().call(request));
        ReqwestFuture {
            inner,
            under_way: Some((call, answering)),
        }
    }
}

pin_project! {
    /// The response of a `reqwest::Client` behind a [`ClientLayer`].
    #[derive(Debug)]
    pub struct ReqwestFuture<F> {
        #[pin]
        inner: F,
        under_way: Option<(RpcCall, Answering)>,
    }
}

impl<F, E> Future for ReqwestFuture<F>
where
    F: Future<Output = Result<Response, E>>,
    E: fmt::Display,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some((call, _)) = this.under_way else {
            return this.inner.poll(task);
        };
        let polled = ready!(call.within(|| this.inner.poll(task)));
        let Some((call, answering)) = this.under_way.take() else {
            return Poll::Ready(polled);
        };
        Poll::Ready(match polled {
            Ok(response) => Ok(answered(call, &answering, response)),
            Err(error) => {
                call.fail_with(failure(&error));
                Err(error)
            }
        })
    }
}
