//! What calls count: nothing.

use super::info::RpcInfo;
use crate::rpc::tracer::Tracer;

#[doc = include_str!("../kitex.md")]
#[derive(Debug, Clone, Default)]
#[must_use = "pass it to `with_tracer`"]
pub struct KitexMetrics(());

/// Counts nothing: the feature `enable` is off.
#[inline]
pub fn kitex_metrics() -> KitexMetrics {
    KitexMetrics(())
}

impl KitexMetrics {
    /// Nothing.
    #[inline]
    pub fn with_boundaries(self, _microseconds: &[f64]) -> Self {
        self
    }
}

/// Counts nothing: the feature `enable` is off.
#[derive(Debug, Clone, Default)]
#[must_use = "pass it to `with_tracer`"]
pub struct KratosMetrics(());

/// Counts nothing: the feature `enable` is off.
#[inline]
pub fn kratos_metrics() -> KratosMetrics {
    KratosMetrics(())
}

impl Tracer for KitexMetrics {
    type State = ();

    #[inline]
    fn start(&self, _rpc: &RpcInfo) {}

    #[inline]
    fn finish(&self, _rpc: &RpcInfo, (): ()) {}
}

impl Tracer for KratosMetrics {
    type State = ();

    #[inline]
    fn start(&self, _rpc: &RpcInfo) {}

    #[inline]
    fn finish(&self, _rpc: &RpcInfo, (): ()) {}
}
