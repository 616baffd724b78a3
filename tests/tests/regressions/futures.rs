//! Pains with futures, blocks and traces.

use super::*;
use std::collections::HashMap;
use tracer_runtime::{Context, Link};

#[traced]
fn prepare() {}

#[traced]
async fn load() {
    tokio::task::yield_now().await;
}

#[traced]
fn works_first(n: u8) -> impl Future<Output = Result<u8, String>> {
    prepare();
    let doubled = n * 2;
    async move {
        load().await;
        Ok(doubled)
    }
}

#[test]
fn row_20_work_before_the_future_belongs_to_the_call() {
    assert_eq!(
        tree(|| block_on(works_first(1))),
        "works_first [ok]\n  prepare [ok]\n  load [ok]\n"
    );
}

#[async_trait::async_trait]
trait Store {
    async fn get(&self, key: &str) -> Result<String, String>;
}

struct Above;
struct Below;
struct Within;

#[traced]
#[async_trait::async_trait]
impl Store for Above {
    async fn get(&self, key: &str) -> Result<String, String> {
        load().await;
        Err(key.to_owned())
    }
}

#[async_trait::async_trait]
#[traced]
impl Store for Below {
    async fn get(&self, key: &str) -> Result<String, String> {
        load().await;
        Err(key.to_owned())
    }
}

#[async_trait::async_trait]
impl Store for Within {
    #[traced]
    async fn get(&self, key: &str) -> Result<String, String> {
        load().await;
        Err(key.to_owned())
    }
}

#[test]
fn row_21_async_trait_above_and_below() {
    let text = tree(|| {
        block_on(async {
            Above.get("a").await.unwrap_err();
            Below.get("b").await.unwrap_err();
            Within.get("c").await.unwrap_err();
        });
    });
    assert_eq!(
        text,
        "Above::get [error: a]\n  load [ok]\nBelow::get [error: b]\n  load [ok]\nget [error: c]\n  load [ok]\n"
    );
}

#[traced]
mod whole {
    pub(super) fn function() {}

    pub(super) struct Type;

    impl Type {
        pub(super) fn method(&self) {}

        #[traced(skip)]
        pub(super) fn left_out(&self) {}

        #[traced("other")]
        pub(super) fn renamed(&self) {}
    }
}

#[test]
fn row_22_blocks_and_modules() {
    let text = tree(|| {
        whole::function();
        whole::Type.method();
        whole::Type.left_out();
        whole::Type.renamed();
    });
    assert_eq!(text, "function [ok]\nType::method [ok]\nother [ok]\n");
}

#[test]
fn row_23_a_stream_is_an_error_that_says_so() {
    let stderr = include_str!("../../ui/fail/item_stream.stderr");
    assert!(stderr.contains("streams are not supported yet"), "{stderr}");
    assert_eq!(places(stderr), ["12:19"]);
}

struct Headers(HashMap<String, String>);

#[traced(server, carrier = headers.0)]
fn serve(headers: Headers) -> (Context, usize) {
    (Context::current(), headers.0.len())
}

#[test]
fn row_26_the_remote_parent_is_there_from_the_start() {
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let capture = capture();
    let (inside, _) = serve(Headers(headers));
    assert_eq!(
        inside.trace_id().to_string(),
        "0af7651916cd43dd8448eb211c80319c"
    );
    let span = capture.spans().remove(0);
    assert_eq!(span.parent_id.to_string(), "b7ad6b7169203331");
    assert_eq!(span.trace_id, inside.trace_id());
}

#[traced(metrics_only)]
fn counted_only() {
    load_nothing();
}

#[traced(metrics = off)]
fn load_nothing() {}

#[test]
fn row_34_one_signal_alone() {
    assert_eq!(tree(counted_only), "load_nothing [ok]\n");
    let metrics = tracer_runtime::metrics::encode();
    assert!(metrics.contains("function=\"counted_only\""));
    assert!(!metrics.contains("function=\"load_nothing\""));
}

#[test]
fn row_43_nothing_happens_before_the_start() {
    assert_eq!(block_on(works_first(2)), Ok(4));
    assert!(!Context::current().is_valid());
}

#[test]
fn row_45_one_dependency_is_enough() {
    let manifest = include_str!("../../alone/Cargo.toml");
    let dependencies = manifest.split_once("[dependencies]").unwrap().1;
    let dependencies: Vec<&str> = dependencies
        .lines()
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(dependencies.len(), 1, "{dependencies:?}");
    assert!(dependencies[0].starts_with("tracer-runtime"));
}

#[traced]
fn ends() -> Link {
    let context = Context::current();
    Link::new(context.trace_id(), context.span_id(), context.is_sampled())
}

#[traced(root, links = [link.clone()])]
fn links(link: Link) {}

#[test]
fn row_46_a_link_may_point_to_what_has_ended() {
    assert_eq!(tree(|| links(ends())), "ends [ok]\nlinks [ok]\n");
}
