//! A middleware that does nothing: the feature `enable` is off.

use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::Next;

use super::tower::ClientLayer;

/// Looks at nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct CallMiddleware(());

impl CallMiddleware {
    /// The only one.
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }

    /// The only one.
    #[inline]
    #[must_use]
    pub const fn from_layer(_layer: &ClientLayer) -> Self {
        Self(())
    }
}

#[async_trait::async_trait]
impl reqwest_middleware::Middleware for CallMiddleware {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        next.run(request, extensions).await
    }
}
