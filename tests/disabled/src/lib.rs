//! The whole public API as an application uses it. It compiles the same with and without `enable`.

pub mod functions;
pub mod inside;
pub mod instrumented;
pub mod layers;
pub mod rpc;
pub mod startup;
#[cfg(feature = "tracing")]
pub mod subscriber;
