//! From the head of a request to the plan of its call.

use std::borrow::Cow;

use http::header::{HOST, USER_AGENT};
use http::{HeaderMap, Method, Version, request::Parts};

use super::grpc;
use crate::rpc::{Endpoint, HttpRequest, RpcPlan};

type Text = Cow<'static, str>;

/// The values of these query parameters are secrets.
///
/// <https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/#url-query>
const SECRET_PARAMETERS: [&str; 7] = [
    "AWSAccessKeyId",
    "Signature",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Goog-Signature",
    "sig",
];

/// A call that arrives; whether it is gRPC.
pub(super) fn served(parts: &Parts) -> (RpcPlan, bool) {
    let from = caller(parts);
    let to = Endpoint::default().with_address(authority(parts));
    if grpc::is_grpc(&parts.headers) {
        (
            grpc_call(RpcPlan::server("grpc"), parts)
                .with_from(from)
                .with_to(to),
            true,
        )
    } else {
        (
            http_call(RpcPlan::server("http"), parts)
                .with_from(from)
                .with_to(to),
            false,
        )
    }
}

/// A call that leaves; whether it is gRPC.
pub(super) fn sent(parts: &Parts, to: &Endpoint) -> (RpcPlan, bool) {
    let mut to = to.clone();
    if to.address().is_empty() {
        to = to.with_address(authority(parts));
    }
    if grpc::is_grpc(&parts.headers) {
        (grpc_call(RpcPlan::client("grpc"), parts).with_to(to), true)
    } else {
        (http_call(RpcPlan::client("http"), parts).with_to(to), false)
    }
}

fn grpc_call(plan: RpcPlan, parts: &Parts) -> RpcPlan {
    let plan = match grpc::parse_path(parts.uri.path()) {
        Some((package, service, method)) => plan
            .with_service(package.to_owned(), service.to_owned())
            .with_method(method.to_owned()),
        None => plan.with_method("_OTHER"),
    };
    let plan = plan.with_protocol(protocol(parts.version));
    match grpc::timeout(&parts.headers) {
        Some(timeout) => plan.with_rpc_timeout(timeout),
        None => plan,
    }
}

fn http_call(plan: RpcPlan, parts: &Parts) -> RpcPlan {
    let known = known_method(&parts.method);
    let original = known
        .is_none()
        .then(|| parts.method.as_str().to_owned().into());
    let request = HttpRequest {
        method: Text::Borrowed(known.unwrap_or("_OTHER")),
        method_original: original,
        scheme: scheme(parts),
        path: parts.uri.path().to_owned().into(),
        query: parts.uri.query().map(without_secrets),
        version: Text::Borrowed(version(parts.version)),
        user_agent: header(&parts.headers, USER_AGENT.as_str()),
    };
    plan.with_protocol(protocol(parts.version))
        .with_http(request)
}

/// <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-request-method>
fn known_method(method: &Method) -> Option<&'static str> {
    Some(match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        "PATCH" => "PATCH",
        "TRACE" => "TRACE",
        "CONNECT" => "CONNECT",
        "QUERY" => "QUERY",
        _ => return None,
    })
}

fn scheme(parts: &Parts) -> Text {
    let forwarded = || header(&parts.headers, "x-forwarded-proto");
    match parts.uri.scheme_str() {
        Some("http") => Text::Borrowed("http"),
        Some("https") => Text::Borrowed("https"),
        Some(other) => other.to_owned().into(),
        None => forwarded().unwrap_or(Text::Borrowed("http")),
    }
}

/// `host:port` of who is asked, never of the socket.
fn authority(parts: &Parts) -> Text {
    let uri = parts.uri.authority().map(|authority| authority.as_str());
    match uri {
        // Credentials stay out of it.
        Some(uri) => uri
            .rsplit_once('@')
            .map_or(uri, |(_, host)| host)
            .to_owned()
            .into(),
        None => header(&parts.headers, "x-forwarded-host")
            .or_else(|| header(&parts.headers, HOST.as_str()))
            .unwrap_or_default(),
    }
}

/// Who calls, as far as the request says.
fn caller(parts: &Parts) -> Endpoint {
    let name = header(&parts.headers, "x-md-service-name")
        .or_else(|| header(&parts.headers, "source-service"));
    let method = header(&parts.headers, "source-method");
    Endpoint::new(name.unwrap_or_default())
        .with_method(method.unwrap_or_default())
        .with_address(peer(parts))
}

fn peer(parts: &Parts) -> Text {
    #[cfg(feature = "axum")]
    if let Some(info) = parts
        .extensions
        .get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()
    {
        return info.0.to_string().into();
    }
    let _ = parts;
    Text::default()
}

/// At most 256 bytes of it.
fn header(headers: &HeaderMap, name: &str) -> Option<Text> {
    let text = headers.get(name)?.to_str().ok()?;
    let text = text.get(..256).unwrap_or(text).trim();
    (!text.is_empty()).then(|| text.to_owned().into())
}

const fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}

const fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "http/0.9",
        Version::HTTP_10 => "http/1.0",
        Version::HTTP_2 => "http/2",
        Version::HTTP_3 => "http/3",
        _ => "http/1.1",
    }
}

fn without_secrets(query: &str) -> Text {
    let is_secret = |pair: &str| {
        let key = pair.split_once('=').map_or(pair, |(key, _)| key);
        SECRET_PARAMETERS.contains(&key)
    };
    if !query.split('&').any(is_secret) {
        return query.to_owned().into();
    }
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((key, _)) if is_secret(pair) => format!("{key}=REDACTED"),
        _ => pair.to_owned(),
    });
    pairs.collect::<Vec<_>>().join("&").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(build: impl FnOnce(http::request::Builder) -> http::request::Builder) -> Parts {
        let request = build(http::Request::builder())
            .body(())
            .expect("it is valid");
        request.into_parts().0
    }

    #[test]
    fn secrets_stay_out_of_the_query() {
        assert_eq!(without_secrets("a=1&sig=x&b"), "a=1&sig=REDACTED&b");
        assert_eq!(without_secrets("a=1&Sig=x"), "a=1&Sig=x");
        assert_eq!(
            without_secrets("X-Amz-Signature=abc"),
            "X-Amz-Signature=REDACTED"
        );
    }

    #[test]
    fn who_is_asked_is_in_the_uri_else_in_the_headers() {
        let absolute = parts(|b| {
            b.uri("http://user:secret@shop.example:81/x")
                .header("host", "y")
        });
        assert_eq!(authority(&absolute), "shop.example:81");
        let relative = parts(|b| b.uri("/x").header("host", "shop.example"));
        assert_eq!(authority(&relative), "shop.example");
        let proxied = parts(|b| {
            b.uri("/x")
                .header("host", "inner")
                .header("x-forwarded-host", "outer")
        });
        assert_eq!(authority(&proxied), "outer");
        assert_eq!(authority(&parts(|b| b.uri("/x"))), "");
    }

    #[test]
    fn a_method_that_nobody_knows_is_other() {
        for (method, expected) in [("GET", Some("GET")), ("get", None), ("PURGE", None)] {
            let method = Method::from_bytes(method.as_bytes()).expect("it is a token");
            assert_eq!(known_method(&method), expected);
        }
    }

    #[test]
    fn the_caller_says_its_name() {
        let kratos = parts(|b| b.uri("/").header("x-md-service-name", "front"));
        assert_eq!(caller(&kratos).service_name(), "front");
        let kitex = parts(|b| {
            b.uri("/")
                .header("source-service", "front")
                .header("source-method", "buy")
        });
        assert_eq!(
            (caller(&kitex).service_name(), caller(&kitex).method()),
            ("front", "buy")
        );
    }
}
