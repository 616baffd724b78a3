//! The smallest gRPC service, without generated code.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Stream, stream};
use http::uri::PathAndQuery;
use http::{Request, Response};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::client::{Grpc, GrpcService};
use tonic::server::{NamedService, ServerStreamingService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};
use tonic_prost::ProstCodec;

pub(crate) type Codec = ProstCodec<String, String>;
type Answers = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;
type Answer<T> = Ready<Result<tonic::Response<T>, Status>>;

/// Answers with what it was asked; or with as many messages as it is told.
#[derive(Clone)]
pub(crate) struct Reserve;

struct Echo;

impl UnaryService<String> for Echo {
    type Response = String;
    type Future = Answer<String>;

    fn call(&mut self, request: tonic::Request<String>) -> Self::Future {
        ready(Ok(tonic::Response::new(request.into_inner())))
    }
}

struct Count;

impl ServerStreamingService<String> for Count {
    type Response = String;
    type ResponseStream = Answers;
    type Future = Answer<Answers>;

    fn call(&mut self, request: tonic::Request<String>) -> Self::Future {
        let n: usize = request.get_ref().parse().unwrap();
        let answers = stream::iter((0..n).map(|_| Ok("a message of some bytes".to_owned())));
        ready(Ok(tonic::Response::new(Box::pin(answers) as Answers)))
    }
}

impl tower::Service<Request<Body>> for Reserve {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _task: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(Codec::default());
            Ok(match request.uri().path() {
                "/shop.Stock/Count" => grpc.server_streaming(Count, request).await,
                _ => grpc.unary(Echo, request).await,
            })
        })
    }
}

impl NamedService for Reserve {
    const NAME: &'static str = "shop.Stock";
}

/// Where a server listens.
pub(crate) async fn incoming() -> (String, TcpIncoming) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (url, TcpIncoming::from(listener))
}

pub(crate) async fn connect(url: String) -> Channel {
    Endpoint::from_shared(url).unwrap().connect().await.unwrap()
}

/// One unary call.
pub(crate) async fn ask<T>(client: &mut Grpc<T>)
where
    T: GrpcService<Body>,
    T::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    T::Error: std::fmt::Debug,
{
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/shop.Stock/Reserve");
    let mut request = tonic::Request::new("seven apples".to_owned());
    // As generated clients do.
    let method = tonic::GrpcMethod::new("shop.Stock", "Reserve");
    request.extensions_mut().insert(method);
    let answer: Result<tonic::Response<String>, _> =
        client.unary(request, path, Codec::default()).await;
    assert_eq!(answer.unwrap().get_ref().len(), 12);
}

/// One call with so many messages in its answer.
pub(crate) async fn count<T>(client: &mut Grpc<T>, messages: usize)
where
    T: GrpcService<Body>,
    T::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    T::Error: std::fmt::Debug,
{
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/shop.Stock/Count");
    let request = tonic::Request::new(messages.to_string());
    let answer: Result<tonic::Response<Streaming<String>>, _> = client
        .server_streaming(request, path, Codec::default())
        .await;
    let mut answers = answer.unwrap().into_inner();
    let mut seen = 0;
    while answers.message().await.unwrap().is_some() {
        seen += 1;
    }
    assert_eq!(seen, messages);
}
