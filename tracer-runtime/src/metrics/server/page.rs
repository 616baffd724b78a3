//! What the server answers.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName,
    HeaderValue, VARY,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;

use super::super::openmetrics::{Format, render};
use super::negotiate;

const PLAIN: &str = "text/plain; charset=utf-8";

pub(super) fn answer<B>(request: &Request<B>, path: &str) -> Response<Full<Bytes>> {
    if request.uri().path() != path {
        let where_they_are = format!("not found: metrics are at {path}\n");
        return text(StatusCode::NOT_FOUND, where_they_are);
    }
    // The body of an answer to HEAD is dropped by hyper, its length is told.
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let problem = "method not allowed: use GET or HEAD\n";
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, problem);
        set(&mut response, ALLOW, "GET, HEAD");
        return response;
    }
    metrics(
        negotiate::format(&joined(request, ACCEPT)),
        negotiate::gzip(&joined(request, ACCEPT_ENCODING)),
    )
}

/// All values of a header as one list.
fn joined<B>(request: &Request<B>, name: HeaderName) -> String {
    let values = request.headers().get_all(name).iter();
    let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}

fn metrics(format: Format, gzip: bool) -> Response<Full<Bytes>> {
    let text = render(format).into_bytes();
    let zipped = gzip.then(|| zip(&text)).flatten();
    let is_zipped = zipped.is_some();
    let body = zipped.unwrap_or(text);
    let mut response = Response::new(Full::new(Bytes::from(body)));
    let content_type = match format {
        Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        Format::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
    };
    set(&mut response, CONTENT_TYPE, content_type);
    set(&mut response, VARY, "Accept, Accept-Encoding");
    set(&mut response, CACHE_CONTROL, "no-store");
    if is_zipped {
        set(&mut response, CONTENT_ENCODING, "gzip");
    }
    response
}

fn zip(text: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).ok()?;
    encoder.finish().ok()
}

fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, PLAIN);
    response
}

fn set(response: &mut Response<Full<Bytes>>, name: HeaderName, value: &'static str) {
    let headers = response.headers_mut();
    headers.insert(name, HeaderValue::from_static(value));
}
