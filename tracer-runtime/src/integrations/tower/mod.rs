//! Layers for whatever speaks `tower`: axum, tonic, hyper, reqwest.

mod client;
mod filter;
mod grpc;
mod observe;
mod request;
mod response;
mod response_future;
mod server;
mod watch;

pub use client::{ClientLayer, ClientService};
pub use filter::Filter;
pub use observe::{ObserveBody, Observed, Observer};
pub use response::ResponseBody;
pub use response_future::ResponseFuture;
pub use server::{ServerLayer, ServerService};
