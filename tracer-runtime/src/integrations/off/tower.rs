//! Layers that give back the service as it is: the feature `enable` is off.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;

use crate::rpc::Endpoint;

/// The service as it is.
pub type ServerService<S> = S;

/// The client as it is.
pub type ClientService<S> = S;

/// The body as it is.
pub type ResponseBody<B> = B;

/// The future as it is.
pub type ResponseFuture<F> = F;

/// Looks at nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServerLayer(());

/// Looks at nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientLayer(());

/// Passes everything over.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter(());

/// Looks at nothing. Nobody makes one.
#[derive(Debug)]
pub struct Observer(());

impl ServerLayer {
    /// The only one.
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }

    /// As it was.
    #[inline]
    #[must_use]
    pub fn with_filter(self, _filter: Filter) -> Self {
        self
    }

    /// As it was: panics go on.
    #[inline]
    #[must_use]
    pub const fn answering_panics(self) -> Self {
        self
    }

    /// As it was.
    #[inline]
    #[must_use]
    pub const fn without_traceresponse(self) -> Self {
        self
    }
}

impl ClientLayer {
    /// The only one.
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }

    /// As it was.
    #[inline]
    #[must_use]
    pub fn with_filter(self, _filter: Filter) -> Self {
        self
    }

    /// As it was.
    #[inline]
    #[must_use]
    pub fn with_to(self, _to: Endpoint) -> Self {
        self
    }
}

impl<S> Layer<S> for ServerLayer {
    type Service = S;

    #[inline]
    fn layer(&self, inner: S) -> S {
        inner
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = S;

    #[inline]
    fn layer(&self, inner: S) -> S {
        inner
    }
}

impl Filter {
    /// The only one.
    #[inline]
    #[must_use]
    pub const fn none() -> Self {
        Self(())
    }

    /// As it was.
    #[inline]
    #[must_use]
    pub fn without_prefix(self, _prefix: impl Into<String>) -> Self {
        self
    }

    /// As it was.
    ///
    /// # Errors
    ///
    /// What is wrong with the expression.
    pub fn without_match(self, expression: &str) -> Result<Self, regex_lite::Error> {
        regex_lite::Regex::new(expression).map(|_| self)
    }

    /// As it was.
    #[inline]
    #[must_use]
    pub fn without(self, _closure: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self
    }
}

/// A body that a layer can look into. Nobody does.
pub trait ObserveBody: Sized {
    /// What the service behind the layer would get.
    type Observed;

    /// Wraps the body.
    fn observe(self, observer: Observer) -> Self::Observed;

    /// The body of a request that nobody looks at.
    fn pass_over(self) -> Self::Observed;
}

pin_project! {
    /// A body that nobody looks at.
    #[derive(Debug)]
    pub struct Observed<B> {
        #[pin]
        inner: B,
    }
}

impl<B> Observed<B> {
    /// Wraps a body.
    #[inline]
    pub fn new(inner: B, _observer: Observer) -> Self {
        Self { inner }
    }

    /// Wraps a body.
    #[inline]
    pub fn unobserved(inner: B) -> Self {
        Self { inner }
    }
}

impl<B: Body> Body for Observed<B> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().inner.poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
