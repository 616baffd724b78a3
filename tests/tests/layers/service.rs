//! A gRPC service of strings, without generated code.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt as _, stream};
use http::{Request, Response};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codec::CompressionEncoding;
use tonic::server::{
    ClientStreamingService, Grpc, NamedService, ServerStreamingService, StreamingService,
    UnaryService,
};
use tonic::{Status, Streaming};
use tonic_prost::ProstCodec;
use tracer_runtime::integrations::tower::ServerLayer;
use tracer_runtime::traced;

pub(crate) type Answers = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;
type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Answer<T> = Result<tonic::Response<T>, Status>;

pub(crate) type Codec = ProstCodec<String, String>;

/// Says what it is told.
#[derive(Clone)]
pub(crate) struct Shop;

#[traced]
async fn reserve(what: &str) -> Result<String, Status> {
    match what {
        "unicorn" => Err(Status::not_found("no unicorns")),
        "bomb" => panic!("the till is jammed"),
        "fire" => Err(Status::internal("the shop burns")),
        what => Ok(format!("{what} reserved")),
    }
}

struct Unary;

impl UnaryService<String> for Unary {
    type Response = String;
    type Future = Boxed<Answer<String>>;

    fn call(&mut self, request: tonic::Request<String>) -> Self::Future {
        Box::pin(async move { reserve(request.get_ref()).await.map(tonic::Response::new) })
    }
}

/// So many answers as it is told, and then an error if it is told so.
struct Count;

impl ServerStreamingService<String> for Count {
    type Response = String;
    type ResponseStream = Answers;
    type Future = Boxed<Answer<Answers>>;

    fn call(&mut self, request: tonic::Request<String>) -> Self::Future {
        Box::pin(async move {
            let wanted = request.into_inner();
            let fails = wanted.ends_with('!');
            let n: usize = wanted.trim_end_matches('!').parse().unwrap();
            let last = fails.then(|| Err(Status::data_loss("that was all")));
            let answers = stream::iter((0..n).map(|i| Ok(i.to_string()))).chain(stream::iter(last));
            Ok(tonic::Response::new(Box::pin(answers) as Answers))
        })
    }
}

struct Join;

impl ClientStreamingService<String> for Join {
    type Response = String;
    type Future = Boxed<Answer<String>>;

    fn call(&mut self, request: tonic::Request<Streaming<String>>) -> Self::Future {
        Box::pin(async move {
            let mut parts = request.into_inner();
            let mut joined = String::new();
            while let Some(part) = parts.message().await? {
                joined.push_str(&part);
            }
            Ok(tonic::Response::new(joined))
        })
    }
}

struct Echo;

impl StreamingService<String> for Echo {
    type Response = String;
    type ResponseStream = Answers;
    type Future = Boxed<Answer<Answers>>;

    fn call(&mut self, request: tonic::Request<Streaming<String>>) -> Self::Future {
        Box::pin(async move {
            Ok(tonic::Response::new(
                Box::pin(request.into_inner()) as Answers
            ))
        })
    }
}

impl tower::Service<Request<Body>> for Shop {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Boxed<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _task: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(async move {
            // Only with clients that ask for it.
            let mut grpc = Grpc::new(Codec::default())
                .accept_compressed(CompressionEncoding::Gzip)
                .send_compressed(CompressionEncoding::Gzip);
            Ok(match request.uri().path() {
                "/shop.Stock/Reserve" => grpc.unary(Unary, request).await,
                "/shop.Stock/Count" => grpc.server_streaming(Count, request).await,
                "/shop.Stock/Join" => grpc.client_streaming(Join, request).await,
                "/shop.Stock/Echo" => grpc.streaming(Echo, request).await,
                _ => Status::unimplemented("").into_http(),
            })
        })
    }
}

impl NamedService for Shop {
    const NAME: &'static str = "shop.Stock";
}

/// Where it serves, on a thread of the caller's runtime.
pub(crate) async fn serve(layer: ServerLayer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    let server = tonic::transport::Server::builder()
        .layer(layer)
        .add_service(Shop)
        .serve_with_incoming(incoming);
    tokio::spawn(server);
    format!("http://{address}")
}
