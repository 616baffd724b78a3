//! Layers for whatever speaks `tower`: axum, tonic, hyper, reqwest.

mod client;
mod filter;
mod grpc;
mod observe;
pub(crate) mod request;
mod response;
mod response_future;
mod said;
mod server;
mod watch;

pub use client::{ClientLayer, ClientService};
#[cfg(feature = "reqwest")]
pub(crate) use client::{Settings as ClientSettings, Tried};
pub use filter::Filter;
pub use observe::{ObserveBody, Observed, Observer};
pub use response::ResponseBody;
#[cfg(feature = "reqwest")]
pub(crate) use response::begun;
#[cfg(feature = "reqwest")]
pub(crate) use response_future::Answering;
pub use response_future::ResponseFuture;
pub use server::{ServerLayer, ServerService};
#[cfg(feature = "reqwest")]
pub(crate) use watch::Way;
