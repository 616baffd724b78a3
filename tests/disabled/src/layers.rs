//! Services and clients behind layers.

use axum::Router;
use axum::routing::get;
use tonic::transport::Channel;
use tower::ServiceBuilder;
use tracer_runtime::integrations::reqwest::CallMiddleware;
use tracer_runtime::integrations::tower::{ClientLayer, ClientService, Filter, ServerLayer};
use tracer_runtime::rpc::Endpoint;

/// A router whose requests are calls.
///
/// # Errors
///
/// None: the expression is valid.
pub fn router() -> Result<Router, impl std::error::Error> {
    let filter = Filter::default()
        .without_prefix("/internal/")
        .without(|path| path.is_empty())
        .without_match("^/ping$");
    filter.map(|filter| {
        let layer = ServerLayer::new().with_filter(filter).answering_panics();
        Router::new()
            .route("/", get(|| async { "hello" }))
            .layer(layer.without_traceresponse())
    })
}

/// A channel whose requests are calls.
#[must_use]
pub fn channel(channel: Channel) -> ClientService<Channel> {
    let layer = ClientLayer::new()
        .with_filter(Filter::none())
        .with_to(Endpoint::new("stock"));
    ServiceBuilder::new().layer(layer).service(channel)
}

/// A client whose requests are calls.
#[must_use]
pub fn client() -> reqwest_middleware::ClientWithMiddleware {
    reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
        .with(CallMiddleware::from_layer(&ClientLayer::new()))
        .with(CallMiddleware::new())
        .build()
}
