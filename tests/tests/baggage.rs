//! Baggage goes where its trace goes: calls, tasks, threads, other services.
#![deny(warnings)]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;

use tracer_runtime::propagation::{Propagator, Propagators, inject};
use tracer_runtime::testing::capture;
use tracer_runtime::{Baggage, Context, FutureExt as _, spawn, spawn_blocking, traced, wrap};

type Headers = HashMap<String, String>;

fn headers(pairs: &[(&str, &str)]) -> Headers {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn tenant() -> Option<String> {
    Baggage::current().get("tenant").map(str::to_owned)
}

#[traced(client)]
fn call(headers: Headers) -> Headers {
    headers
}

#[traced]
async fn later() -> Option<String> {
    tokio::task::yield_now().await;
    tenant()
}

#[traced(server)]
async fn everywhere(headers: &Headers) -> Vec<Option<String>> {
    let known = headers.len();
    let context = Context::current();
    tokio::task::yield_now().await;
    let mut seen = vec![tenant(), later().await];
    seen.push(spawn(later()).await.unwrap());
    seen.push(spawn_blocking(tenant).await.unwrap());
    seen.push(std::thread::spawn(wrap(tenant)).join().unwrap());
    let attached = move || {
        let _guard = context.attach();
        tenant()
    };
    seen.push(std::thread::spawn(attached).join().unwrap());
    seen.push(tokio::spawn(later().in_context(context)).await.unwrap());
    seen.push(context.baggage().get("tenant").map(str::to_owned));
    let in_task = spawn(async { call(Headers::new()) }).await.unwrap();
    for sent in [call(Headers::new()), in_task] {
        seen.push(sent["baggage"].strip_prefix("tenant=").map(str::to_owned));
        assert_eq!(sent.get("tracestate").map(String::as_str), Some("vendor=1"));
        assert_eq!(sent.len(), known);
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_there_in_calls_tasks_threads_and_what_they_send() {
    let capture = capture();
    let headers = headers(&[
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        ),
        ("tracestate", "vendor=1"),
        ("baggage", "tenant=acme"),
    ]);
    let seen = capture.run(everywhere(&headers)).await;
    assert_eq!(seen, vec![Some("acme".to_owned()); 10]);
    assert_eq!(tenant(), None);
    assert_eq!(capture.spans().len(), 6);
}

#[traced(server)]
fn without_a_parent(headers: &Headers) -> (Option<String>, usize) {
    (tenant(), headers.len())
}

#[test]
fn it_comes_without_a_trace_as_well() {
    let capture = capture();
    let headers = headers(&[("baggage", "tenant=acme")]);
    assert_eq!(without_a_parent(&headers).0.as_deref(), Some("acme"));
    // The next trace of the thread has none of it.
    assert_eq!(without_a_parent(&Headers::new()).0, None);
    #[traced]
    fn around(headers: &Headers) -> Option<String> {
        without_a_parent(headers).0
    }
    assert_eq!(around(&headers).as_deref(), Some("acme"));
    assert!(
        capture
            .tree()
            .ends_with("around [ok]\n  without_a_parent [ok]\n")
    );
}

#[traced]
fn changes() -> Vec<Option<String>> {
    let mut seen = vec![tenant()];
    {
        let _acme = Baggage::current().with("tenant", "acme").attach();
        seen.push(tenant());
        {
            let _none = Baggage::new().attach();
            seen.push(tenant());
        }
        seen.push(inner());
    }
    seen.push(tenant());
    seen
}

#[traced]
fn inner() -> Option<String> {
    tenant()
}

#[test]
fn it_is_current_as_long_as_its_guard_lives() {
    let _capture = capture();
    let acme = || Some("acme".to_owned());
    assert_eq!(changes(), [None, acme(), None, acme(), None]);
    assert_eq!(inner(), None);
}

#[test]
fn outside_of_a_span_there_is_nothing_to_attach_it_to() {
    let _capture = capture();
    let _guard = Baggage::new().with("tenant", "acme").attach();
    assert_eq!((tenant(), inner()), (None, None));
}

#[traced]
async fn two_at_once() -> Vec<Option<String>> {
    let with = |name: &str| later().with_baggage(Baggage::current().with("tenant", name));
    let (a, b, c) = tokio::join!(
        with("a"),
        later(),
        spawn(later()).with_baggage(Baggage::new())
    );
    vec![a, b, c.unwrap(), tenant()]
}

#[tokio::test]
async fn a_future_has_its_own_between_the_polls_of_others() {
    let capture = capture();
    let seen = capture.run(two_at_once()).await;
    assert_eq!(seen, [Some("a".to_owned()), None, None, None]);
}

#[traced(root)]
fn context_of_a_root_that_ends() -> (Context, Context) {
    let before = Context::current();
    let _guard = Baggage::current().with("tenant", "acme").attach();
    (before, Context::current())
}

#[test]
fn a_context_keeps_what_was_current_until_its_root_ends() {
    #[traced]
    fn outer() {
        let before = Context::current();
        let guard = Baggage::current().with("tenant", "acme").attach();
        let after = Context::current();
        drop(guard);
        assert!(before.baggage().is_empty());
        assert_eq!(after.baggage().get("tenant"), Some("acme"));
        let _attached = after.attach();
        assert_eq!(tenant().as_deref(), Some("acme"));
    }
    let _capture = capture();
    outer();
    let (before, after) = context_of_a_root_that_ends();
    assert!(before.baggage().is_empty() && after.baggage().is_empty());
}

#[traced]
fn many_contexts() -> usize {
    let contexts: Vec<_> = (0..1000)
        .map(|i| {
            let _guard = Baggage::new().with("tenant", &i.to_string()).attach();
            (i.to_string(), Context::current())
        })
        .collect();
    let right =
        |(name, context): &&(String, Context)| context.baggage().get("tenant") == Some(name);
    contexts.iter().filter(right).count()
}

#[test]
fn what_contexts_take_along_is_bounded() {
    let _capture = capture();
    assert_eq!(many_contexts(), 64);
}

#[traced(server, carrier = headers)]
fn answers(headers: &Headers) -> Headers {
    assert!(headers.len() < 10);
    let mut sent = Headers::new();
    inject(&mut sent);
    Propagators::new([Propagator::B3]).inject(&mut sent);
    sent
}

#[test]
fn an_unsampled_trace_goes_on_and_is_no_new_one_below() {
    let capture = capture();
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    let sent = answers(&headers(&[("traceparent", traceparent)]));
    let below = answers(&sent);
    let spans = capture.spans();
    for (sent, span) in [(&sent, &spans[0]), (&below, &spans[1])] {
        let expected = format!("00-0af7651916cd43dd8448eb211c80319c-{}-00", span.span_id);
        assert_eq!(sent["traceparent"], expected);
        assert!(sent["b3"].ends_with("-0"));
    }
    assert_eq!(spans[1].parent_id, spans[0].span_id);
}

#[test]
fn nothing_is_written_where_no_span_runs() {
    assert!(call(Headers::new()).is_empty());
    let _capture = capture();
    let mut sent = Headers::new();
    inject(&mut sent);
    assert!(sent.is_empty());
}
