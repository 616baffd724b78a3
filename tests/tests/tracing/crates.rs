//! The spans of well-known crates as they come: their targets, names, levels and fields. Those of `hyper` and `h2` are in
//! `tests/unstable`.

use std::convert::Infallible;

use http::{Request, Response};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};
use tower_http::trace::TraceLayer;
use tracer_runtime::{SpanKind, Value, testing, traced};
use tracing::field::Empty;
use tracing::{Instrument as _, info_span};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::{spans, subscriber, tree};

#[traced]
async fn handle(_request: Request<String>) -> Result<Response<String>, Infallible> {
    tracing::info!("handled");
    Ok(Response::new("done".to_owned()))
}

#[tokio::test]
async fn the_trace_layer_of_tower_http_is_the_parent_of_the_handler() {
    let capture = testing::capture();
    let _default = subscriber().set_default();
    let service = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .service(service_fn(handle));
    let request = Request::get("/cart?id=7").body(String::new()).unwrap();
    let response = service.oneshot(request).await.unwrap();
    drop(response);
    let spans = capture.spans();
    let [request, handle] = &spans[..] else {
        panic!("{spans:?}");
    };
    assert_eq!((request.name(), handle.name()), ("request", "handle"));
    assert_eq!(handle.parent_id, request.span_id);
    assert_eq!(request.attribute("method"), Some(&"GET".into()));
    assert_eq!(request.attribute("uri"), Some(&"/cart?id=7".into()));
    assert_eq!(request.attribute("version"), Some(&"HTTP/1.1".into()));
    let events: Vec<_> = request
        .events
        .iter()
        .map(|event| event.name.as_ref())
        .collect();
    assert_eq!(
        events,
        ["started processing request", "finished processing request"]
    );
    let finished = &request.events[1].attributes;
    let status = finished.iter().find(|attribute| attribute.key == "status");
    assert_eq!(status.map(|status| &status.value), Some(&Value::I64(200)));
    assert_eq!(handle.events[0].name, "handled");
}

#[tokio::test]
async fn a_failed_response_makes_the_span_of_tower_http_an_error() {
    let capture = testing::capture();
    let _default = subscriber().set_default();
    let service = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .service(service_fn(|_: Request<String>| async {
            let failed = Response::builder().status(503).body(String::new());
            Ok::<_, Infallible>(failed.unwrap())
        }));
    let request = Request::get("/").body(String::new()).unwrap();
    service.oneshot(request).await.unwrap();
    let tree = capture.tree();
    assert!(tree.starts_with("request [error] {method="), "{tree}");
    assert!(
        tree.contains("* response failed {level=\"ERROR\""),
        "{tree}"
    );
}

/// As `sqlx` 0.8 and 0.9 log a query.
#[test]
fn a_query_of_sqlx_has_the_names_of_the_conventions() {
    let spans = spans(|| {
        info_span!("find_user").in_scope(|| {
            let elapsed = std::time::Duration::from_millis(2);
            tracing::debug!(
                target: "sqlx::query",
                summary = "SELECT id FROM …",
                db.statement = "\n\nSELECT id FROM users WHERE id = $1\n",
                rows_affected = 0_u64,
                rows_returned = 1_u64,
                ?elapsed,
                elapsed_secs = elapsed.as_secs_f64(),
            );
        });
    });
    let event = &spans[0].events[0];
    assert_eq!(event.name, "sqlx::query");
    let value = |key: &str| {
        let found = event
            .attributes
            .iter()
            .find(|attribute| attribute.key == key);
        found.map(|attribute| attribute.value.clone())
    };
    assert_eq!(value("db.query.summary"), Some("SELECT id FROM …".into()));
    assert_eq!(value("db.response.returned_rows"), Some(1.into()));
    assert_eq!(value("elapsed_secs"), Some(0.002.into()));
    let text = "SELECT id FROM users WHERE id = $1";
    assert_eq!(value("db.query.text"), Some(text.into()));
    assert_eq!(value("db.statement"), None);
}

/// As `sqlx` 0.8 and 0.9 log one of four words.
#[test]
fn a_short_query_of_sqlx_has_its_text_too() {
    let tree = tree(|| {
        info_span!("begin").in_scope(|| {
            tracing::debug!(target: "sqlx::query", summary = "BEGIN", db.statement = "");
        });
    });
    let expected = r#"begin [ok]
  * sqlx::query {level="DEBUG", target="sqlx::query", db.query.summary="BEGIN", db.query.text="BEGIN"}
"#;
    assert_eq!(tree, expected);
}

/// As wrappers of `sqlx` and `redis` make them, which have no spans of their own.
#[tokio::test]
async fn calls_to_databases_are_clients_with_the_names_of_the_conventions() {
    let capture = testing::capture();
    let _default = subscriber().set_default();
    let query = info_span!(
        "sqlx.fetch_one",
        db.system = "postgresql",
        db.statement = "SELECT 1",
        db.name = "shop",
        db.response.returned_rows = Empty,
        net.peer.name = "localhost",
        net.peer.port = 5432,
        otel.kind = "client",
    );
    async {
        tracing::Span::current().record("db.response.returned_rows", 1);
    }
    .instrument(query)
    .await;
    let command = info_span!(
        "redis.cmd",
        db.system = "redis",
        db.operation = "GET",
        db.redis.database_index = 3
    );
    async {}.instrument(command).await;
    let spans = capture.spans();
    let [query, command] = &spans[..] else {
        panic!("{spans:?}");
    };
    assert_eq!(
        (query.kind(), command.kind()),
        (SpanKind::Client, SpanKind::Client)
    );
    for (key, value) in [
        ("db.system.name", Value::from("postgresql")),
        ("db.query.text", "SELECT 1".into()),
        ("db.namespace", "shop".into()),
        ("db.response.returned_rows", 1.into()),
        ("server.address", "localhost".into()),
        ("server.port", 5432.into()),
    ] {
        assert_eq!(query.attribute(key), Some(&value), "{key}");
    }
    assert_eq!(command.attribute("db.operation.name"), Some(&"GET".into()));
    assert_eq!(command.attribute("db.namespace"), Some(&"3".into()));
    assert_eq!(query.attribute("db.statement"), None);
}
