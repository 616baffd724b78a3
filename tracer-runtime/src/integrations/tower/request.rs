//! From the head of a request to the plan of its call.

use std::borrow::Cow;
use std::net::SocketAddr;

use http::request::Parts;
use http::uri::Authority;
use http::{Extensions, HeaderMap, Method, Request, Uri, Version};

use super::grpc;
use super::said::{Said, text};
use crate::callsite::SpanKind;
use crate::rpc::{Asked, Draft, Endpoint, Known, OTHER, RpcPlan, known_text};

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

/// The head of a request, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) method: Option<&'a Method>,
    pub(crate) uri: Option<&'a Uri>,
    pub(crate) version: Option<Version>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) extensions: Option<&'a Extensions>,
}

impl<'a> Head<'a> {
    pub(crate) fn of(parts: &'a Parts) -> Self {
        Self {
            method: Some(&parts.method),
            uri: Some(&parts.uri),
            version: Some(parts.version),
            headers: &parts.headers,
            extensions: Some(&parts.extensions),
        }
    }

    pub(crate) fn of_request<B>(request: &'a Request<B>) -> Self {
        Self {
            method: Some(request.method()),
            uri: Some(request.uri()),
            version: Some(request.version()),
            headers: request.headers(),
            extensions: Some(request.extensions()),
        }
    }

    fn path(&self) -> &'a str {
        self.uri.map_or("", Uri::path)
    }
}

/// A call that arrives; whether it is gRPC.
pub(super) fn served(head: &Head<'_>, said: &Said<'_>) -> (Draft, bool) {
    draft(head, said, None)
}

/// A call that leaves; whether it is gRPC.
pub(super) fn sent(head: &Head<'_>, to: &Endpoint) -> (Draft, bool) {
    draft(head, &Said::by(head.headers), Some(to))
}

/// By `to` a client is told from a server.
fn draft(head: &Head<'_>, said: &Said<'_>, to: Option<&Endpoint>) -> (Draft, bool) {
    if !grpc::is_grpc(said.content_type) {
        let mut plan = plan(to);
        identify_by(&mut plan, head, said);
        return (Draft::new(plan), false);
    }
    let asked = asked(head, said, to);
    let known = asked.as_ref().and_then(Known::find);
    let mut draft = match known {
        Some(known) => Draft::like(known),
        None => describe(asked, head, said, to),
    };
    if said.grpc_timeout.is_some() {
        draft.set_rpc_timeout(grpc::timeout(said.grpc_timeout));
    }
    (draft, true)
}

fn plan(to: Option<&Endpoint>) -> Box<RpcPlan> {
    Box::new(match to {
        Some(to) => RpcPlan::client("http").with_to(to.clone()),
        None => RpcPlan::server("http"),
    })
}

/// What tells it from other calls; `None` where too much does.
fn asked<'a>(head: &Head<'a>, said: &Said<'a>, to: Option<&'a Endpoint>) -> Option<Asked<'a>> {
    let asked = Asked {
        is_client: to.is_some(),
        name: head.path().strip_prefix('/')?,
        address: "",
        service: "",
        caller: "",
        route: route(head),
        version: head.version,
    };
    match to {
        Some(to) if !to.is_plain() => None,
        Some(to) => Some(Asked {
            address: match to.address() {
                "" => authority(head, said),
                address => address,
            },
            service: to.service_name(),
            ..asked
        }),
        None if connected(head).is_some() => None,
        None => Some(Asked {
            address: authority(head, said),
            service: caller(said).unwrap_or_default(),
            caller: text(said.kitex_method).unwrap_or_default(),
            ..asked
        }),
    }
}

/// The first call of its kind, or one that no other is like.
#[cold]
fn describe(
    asked: Option<Asked<'_>>,
    head: &Head<'_>,
    said: &Said<'_>,
    to: Option<&Endpoint>,
) -> Draft {
    let mut plan = plan(to);
    identify_by(&mut plan, head, said);
    plan.config.rpc_timeout = None;
    let known = match asked {
        Some(asked) => Known::keep(&asked, plan),
        None => Err(plan),
    };
    match known {
        Ok(known) => Draft::like(known),
        Err(plan) => Draft::new(plan),
    }
}

/// Adds what the head says; whether it is gRPC.
pub(crate) fn identify(plan: &mut RpcPlan, head: &Head<'_>) -> bool {
    identify_by(plan, head, &Said::by(head.headers))
}

fn identify_by(plan: &mut RpcPlan, head: &Head<'_>, said: &Said<'_>) -> bool {
    if plan.to.address().is_empty() {
        plan.to.address = known_text(authority(head, said));
    }
    if plan.kind == SpanKind::Server {
        identify_caller(plan, head, said);
        match route(head) {
            "" => {}
            route => plan.route = known_text(route),
        }
    }
    if let Some(version) = head.version {
        plan.config.protocol = Text::Borrowed(protocol(version));
    }
    let is_grpc = grpc::is_grpc(said.content_type);
    if is_grpc {
        identify_grpc(plan, head, said);
    } else {
        identify_http(plan, head, said);
    }
    is_grpc
}

fn identify_grpc(plan: &mut RpcPlan, head: &Head<'_>, said: &Said<'_>) {
    plan.system = Text::Borrowed("grpc");
    plan.config.rpc_timeout = grpc::timeout(said.grpc_timeout);
    let path = head.path();
    if plan.set_known(path.strip_prefix('/').unwrap_or_default()) {
        return;
    }
    match grpc::parse_path(path) {
        Some((package, service, method)) => plan.set_method(
            package.to_owned().into(),
            service.to_owned().into(),
            method.to_owned().into(),
        ),
        None if head.uri.is_some() => plan.method = Text::Borrowed(OTHER),
        None => {}
    }
}

fn identify_http(plan: &mut RpcPlan, head: &Head<'_>, said: &Said<'_>) {
    plan.system = Text::Borrowed("http");
    let request = plan.http.get_or_insert_default();
    request.scheme = scheme(head, said);
    request.user_agent = text(said.user_agent).map(owned);
    if let Some(version) = head.version {
        request.version = Text::Borrowed(version_number(version));
    }
    if let Some(uri) = head.uri {
        identify_uri(plan, uri);
    }
    if let Some(method) = head.method {
        identify_method(plan, method);
    }
}

/// Adds what is asked for.
pub(crate) fn identify_uri(plan: &mut RpcPlan, uri: &Uri) {
    let request = plan.http.get_or_insert_default();
    request.path = uri.path().to_owned().into();
    request.query = uri.query().map(without_secrets);
}

/// Adds what is to be done with it.
pub(crate) fn identify_method(plan: &mut RpcPlan, method: &Method) {
    let known = known_method(method);
    let request = plan.http.get_or_insert_default();
    request.method = Text::Borrowed(known.unwrap_or("_OTHER"));
    request.method_original = known.is_none().then(|| method.as_str().to_owned().into());
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

fn owned(text: &str) -> Text {
    text.to_owned().into()
}

fn scheme(head: &Head<'_>, said: &Said<'_>) -> Text {
    match head.uri.and_then(Uri::scheme_str) {
        Some("http") => Text::Borrowed("http"),
        Some("https") => Text::Borrowed("https"),
        Some(other) => other.to_owned().into(),
        None => text(said.forwarded_proto).map_or(Text::Borrowed("http"), owned),
    }
}

/// `host:port` of who is asked, never of the socket.
fn authority<'a>(head: &Head<'a>, said: &Said<'a>) -> &'a str {
    let uri = head.uri.and_then(Uri::authority).map(Authority::as_str);
    match uri {
        // Credentials stay out of it.
        Some(uri) if !uri.bytes().fold(false, |any, b| any | (b == b'@')) => uri,
        Some(uri) => uri.rsplit_once('@').map_or(uri, |(_, host)| host),
        None => text(said.forwarded_host)
            .or_else(|| text(said.host))
            .unwrap_or_default(),
    }
}

/// Who calls, as far as the request says.
fn identify_caller(plan: &mut RpcPlan, head: &Head<'_>, said: &Said<'_>) {
    plan.from.service_name = caller(said).map(known_text).unwrap_or_default();
    let method = text(said.kitex_method);
    plan.from.method = method.map(known_text).unwrap_or_default();
    plan.from.address = connected(head).map_or(Text::default(), |peer| peer.to_string().into());
}

fn caller<'a>(said: &Said<'a>) -> Option<&'a str> {
    text(said.kratos_service).or_else(|| text(said.kitex_service))
}

#[cfg(feature = "axum")]
fn connected(head: &Head<'_>) -> Option<SocketAddr> {
    use axum::extract::ConnectInfo;

    let info = head.extensions?.get::<ConnectInfo<SocketAddr>>();
    info.map(|ConnectInfo(address)| *address)
}

#[cfg(not(feature = "axum"))]
fn connected(head: &Head<'_>) -> Option<SocketAddr> {
    let _ = head.extensions;
    None
}

/// The template of the path, where axum tells it; else empty.
#[cfg(feature = "axum")]
fn route<'a>(head: &Head<'a>) -> &'a str {
    let route = || head.extensions?.get::<axum::extract::MatchedPath>();
    route().map_or("", axum::extract::MatchedPath::as_str)
}

#[cfg(not(feature = "axum"))]
fn route<'a>(_: &Head<'a>) -> &'a str {
    ""
}

const fn version_number(version: Version) -> &'static str {
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

    fn request(
        build: impl FnOnce(http::request::Builder) -> http::request::Builder,
    ) -> Request<()> {
        build(Request::builder()).body(()).expect("it is valid")
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
        fn asked(request: &Request<()>) -> &str {
            authority(&Head::of_request(request), &Said::by(request.headers()))
        }
        let absolute = request(|b| {
            b.uri("http://user:secret@shop.example:81/x")
                .header("host", "y")
        });
        assert_eq!(asked(&absolute), "shop.example:81");
        let relative = request(|b| b.uri("/x").header("host", "shop.example"));
        assert_eq!(asked(&relative), "shop.example");
        let proxied = request(|b| {
            b.uri("/x")
                .header("host", "inner")
                .header("x-forwarded-host", "outer")
        });
        assert_eq!(asked(&proxied), "outer");
        assert_eq!(asked(&request(|b| b.uri("/x"))), "");
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
        let caller = |request: &Request<()>| {
            let said = Said::by(request.headers());
            served(&Head::of_request(request), &said).0.from.clone()
        };
        let kratos = request(|b| b.uri("/").header("x-md-service-name", "front"));
        assert_eq!(caller(&kratos).service_name(), "front");
        let kitex = request(|b| {
            b.uri("/")
                .header("source-service", "front")
                .header("source-method", "buy")
        });
        let kitex = caller(&kitex);
        assert_eq!((kitex.service_name(), kitex.method()), ("front", "buy"));
    }
}
