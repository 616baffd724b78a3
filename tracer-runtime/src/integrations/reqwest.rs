//! Calls of `reqwest`: as a tower service, or as a middleware of `reqwest-middleware`.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Extensions;
use pin_project_lite::pin_project;
use reqwest::{Body, Request, Response, ResponseBuilderExt as _};
use reqwest_middleware::Next;
use tower_service::Service;

use super::tower::{Answering, ClientLayer, ClientService, ClientSettings, Tried};
use super::tower::{Observed, Observer, Way, begun};
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

/// A call that has no answer yet.
#[derive(Debug)]
struct Unanswered(Option<(RpcCall, Answering)>);

impl Unanswered {
    fn call(&mut self) -> Option<&mut RpcCall> {
        self.0.as_mut().map(|(call, _)| call)
    }

    /// Goes on with the call until the end of the response, or ends it.
    fn answered<E: fmt::Display>(mut self, answer: Result<Response, E>) -> Result<Response, E> {
        let Some((call, answering)) = self.0.take() else {
            return answer;
        };
        match answer {
            Ok(response) => Ok(begin(call, &answering, response)),
            Err(error) => {
                answering.failed(call, &error);
                Err(error)
            }
        }
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        if let Some((call, answering)) = &self.0 {
            answering.abandoned(call);
        }
    }
}

/// Starts the call of a request; none where nobody looks at it.
fn start(
    settings: &ClientSettings,
    request: &mut Request,
    extensions: &mut Extensions,
) -> Option<Unanswered> {
    if !settings.wants(request.url().path()) {
        return None;
    }
    let mut head = head(request, extensions)?;
    let mut call = RpcCall::unstarted();
    let (inside, _, answering) = settings.start(&mut head, &mut call);
    inside.leave();
    call.started();
    *extensions = mem::take(head.extensions_mut());
    *request.headers_mut() = mem::take(head.headers_mut());
    observe(&call, request);
    Some(Unanswered(Some((call, answering))))
}

fn head(request: &Request, extensions: &mut Extensions) -> Option<http::Request<()>> {
    let head = http::Request::builder()
        .method(request.method())
        .uri(request.url().as_str())
        .version(request.version());
    let mut head = head.body(()).ok()?;
    *head.headers_mut() = request.headers().clone();
    *head.extensions_mut() = mem::take(extensions);
    Some(head)
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
    let inner = mem::take(body);
    *body = Body::wrap(Observed::new(inner, observer));
}

/// The call ends with the response.
fn begin(call: RpcCall, answering: &Answering, response: Response) -> Response {
    let url = response.url().clone();
    let response = http::Response::<Body>::from(response);
    let mut response = begun(
        call,
        Way::Received,
        answering.is_grpc,
        answering.is_head,
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
        let mut started = start(&self.0, &mut request, extensions);
        let Some(call) = started.as_mut().and_then(Unanswered::call) else {
            return next.run(request, extensions).await;
        };
        let answer = call.run(next.run(request, extensions)).await;
        // The next request of this client is no attempt at this one.
        if let Some(info) = call.info()
            && !info.invocation().is_attempt()
        {
            extensions.remove::<Tried>();
        }
        match started {
            Some(unanswered) => unanswered.answered(answer),
            None => answer,
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
        let mut under_way = start(self.settings(), &mut request, &mut Extensions::new());
        let inner = match under_way.as_mut().and_then(Unanswered::call) {
            Some(call) => call.within(|| self.inner().call(request)),
            None => self.inner().call(request),
        };
        ReqwestFuture { inner, under_way }
    }
}

pin_project! {
    /// The response of a `reqwest::Client` behind a [`ClientLayer`].
    #[derive(Debug)]
    pub struct ReqwestFuture<F> {
        #[pin]
        inner: F,
        under_way: Option<Unanswered>,
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
        let Some(call) = this.under_way.as_mut().and_then(Unanswered::call) else {
            return this.inner.poll(task);
        };
        let polled = ready!(call.within(|| this.inner.poll(task)));
        Poll::Ready(match this.under_way.take() {
            Some(unanswered) => unanswered.answered(polled),
            None => polled,
        })
    }
}
