//! Bodies of requests, which the service behind a layer takes as they were or in a wrapper.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::watch::{Watch, Way};
use crate::rpc::{RpcInfo, StreamEventKind};

/// Looks at a body of a request while it is read. Made by the layers.
#[derive(Debug)]
pub struct Observer {
    info: RpcInfo,
    watch: Watch,
}

impl Observer {
    /// Of a call that has just begun.
    pub(super) fn begin(info: &RpcInfo, way: Way, is_grpc: bool) -> Self {
        if is_grpc {
            info.stream_event(StreamEventKind::Start, 0, None);
        }
        Self::new(info.clone(), way, is_grpc)
    }

    pub(crate) fn new(info: RpcInfo, way: Way, is_grpc: bool) -> Self {
        let watch = Watch::new(way, is_grpc);
        Self { info, watch }
    }
}

/// Wraps the body where somebody looks at it.
#[inline]
pub(super) fn observed<B: ObserveBody>(body: B, observer: Option<Observer>) -> B::Observed {
    match observer {
        Some(observer) => body.observe(observer),
        None => body.pass_over(),
    }
}

/// A body that a layer can look into.
///
/// The service behind the layer gets [`Self::Observed`]. For the bodies of axum, tonic and reqwest that is the same
/// type, so that a layer fits anywhere; hyper's own becomes an [`Observed`]. For a body of your own:
///
/// ```
/// use http_body_util::combinators::BoxBody;
/// use tracer_runtime::integrations::tower::{ObserveBody, Observed, Observer};
///
/// struct MyBody(BoxBody<bytes::Bytes, std::io::Error>);
///
/// impl ObserveBody for MyBody {
///     type Observed = Self;
///
///     fn observe(self, observer: Observer) -> Self {
///         Self(BoxBody::new(Observed::new(self.0, observer)))
///     }
///
///     fn pass_over(self) -> Self {
///         self
///     }
/// }
/// ```
pub trait ObserveBody: Sized {
    /// What the service behind the layer gets.
    type Observed;

    /// Wraps the body.
    fn observe(self, observer: Observer) -> Self::Observed;

    /// The body of a request that nobody looks at.
    fn pass_over(self) -> Self::Observed;
}

pin_project! {
    /// A body with somebody looking at it.
    #[derive(Debug)]
    pub struct Observed<B> {
        #[pin]
        inner: B,
        observer: Option<Observer>,
    }
}

impl<B> Observed<B> {
    /// Wraps a body.
    pub fn new(inner: B, observer: Observer) -> Self {
        Self {
            inner,
            observer: Some(observer),
        }
    }

    /// A body that nobody looks at.
    pub fn unobserved(inner: B) -> Self {
        Self {
            inner,
            observer: None,
        }
    }
}

impl<B: Body<Error: std::fmt::Display>> Body for Observed<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let Some(Observer { info, watch }) = this.observer else {
            return this.inner.poll_frame(task);
        };
        watch.begin(info);
        let polled = this.inner.poll_frame(task);
        match &polled {
            Poll::Pending => {}
            Poll::Ready(None) => watch.end(info),
            Poll::Ready(Some(Err(error))) => watch.fail(info, error),
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    watch.data(info, data);
                }
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        let is_unread_grpc = |it: &Observer| it.watch.is_grpc() && !it.watch.has_begun();
        // That has a message: to ask HTTP/2 takes longer than to look.
        !self.observer.as_ref().is_some_and(is_unread_grpc) && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A body whose type stays what it is.
macro_rules! boxed_again {
    ($($(#[$feature:meta])* $body:ty;)*) => {$(
        $(#[$feature])*
        impl ObserveBody for $body {
            type Observed = Self;

            fn observe(self, observer: Observer) -> Self {
                if !observer.watch.is_grpc() && Body::is_end_stream(&self) {
                    return self;
                }
                Self::new(Observed::new(self, observer))
            }

            fn pass_over(self) -> Self {
                self
            }
        }
    )*};
}
boxed_again! {
    #[cfg(feature = "axum")]
    axum::body::Body;
    #[cfg(feature = "tonic")]
    tonic::body::Body;
}

/// A body that becomes another type.
macro_rules! wrapped {
    ($([$($generic:tt)*] $body:ty;)*) => {$(
        impl<$($generic)*> ObserveBody for $body {
            type Observed = Observed<Self>;

            fn observe(self, observer: Observer) -> Observed<Self> {
                Observed::new(self, observer)
            }

            fn pass_over(self) -> Observed<Self> {
                Observed::unobserved(self)
            }
        }
    )*};
}
wrapped! {
    [D: bytes::Buf] http_body_util::Full<D>;
    [D: bytes::Buf] http_body_util::Empty<D>;
    [D, E] http_body_util::combinators::BoxBody<D, E>;
    [D, E] http_body_util::combinators::UnsyncBoxBody<D, E>;
    [] hyper::body::Incoming;
    [] String;
}
