use super::*;
use http::{HeaderMap, Request};

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", TRACEPARENT.parse().unwrap());
    headers
}

#[traced(server)]
async fn by_type(_n: u32, _: String, headers: HeaderMap) -> usize {
    headers.len()
}

#[traced(server)]
fn by_reference(request: &Request<()>) -> usize {
    request.headers().len()
}

struct Wrapped {
    inner: HeaderMap,
}

#[traced(server, carrier = wrapped.inner)]
async fn by_name(wrapped: Wrapped) -> usize {
    wrapped.inner.len()
}

#[test]
fn a_server_continues_the_trace() {
    let request = || {
        let mut request = Request::new(());
        *request.headers_mut() = headers();
        request
    };
    for call in [
        &(|| block_on(by_type(1, String::new(), headers()))) as &dyn Fn() -> usize,
        &|| by_reference(&request()),
        &|| block_on(by_name(Wrapped { inner: headers() })),
    ] {
        let span = spans(call).remove(0);
        assert_eq!(
            span.trace_id.to_string(),
            "0af7651916cd43dd8448eb211c80319c"
        );
        assert_eq!(span.parent_id.to_string(), "b7ad6b7169203331");
    }
}

fn sent(headers: &HeaderMap) -> String {
    headers["traceparent"].to_str().unwrap()[3..52].to_owned()
}

#[traced(client)]
async fn owned(request: Request<()>) -> String {
    sent(request.headers())
}

#[traced(client)]
async fn borrowed(_n: u32, request: &mut Request<()>) -> String {
    tokio::task::yield_now().await;
    sent(request.headers())
}

#[traced(client, carrier = second)]
async fn one_of_two(first: HeaderMap, mut second: HeaderMap) -> String {
    assert!(first.is_empty());
    second.insert("other", "1".parse().unwrap());
    sent(&second)
}

#[traced(client, carrier = wrapped.inner_mut())]
async fn expression(mut wrapped: Wrapped) -> String {
    wrapped.inner_mut().insert("other", "1".parse().unwrap());
    sent(&wrapped.inner)
}

impl Wrapped {
    fn inner_mut(&mut self) -> &mut HeaderMap {
        &mut self.inner
    }
}

#[test]
fn a_client_sends_its_context() {
    for call in [
        &(|| block_on(owned(Request::new(())))) as &dyn Fn() -> String,
        &|| block_on(borrowed(1, &mut Request::new(()))),
        &|| block_on(one_of_two(HeaderMap::new(), HeaderMap::new())),
        &|| {
            block_on(expression(Wrapped {
                inner: HeaderMap::new(),
            }))
        },
    ] {
        let capture = capture();
        let sent = call();
        let span = capture.spans().remove(0);
        assert_eq!(sent, format!("{}-{}", span.trace_id, span.span_id));
    }
}
