//! Calls without the feature `metrics`: nothing is counted.

use crate::rpc::info::RpcInfo;

/// Holds nothing.
#[derive(Debug, Default)]
pub(in crate::rpc) struct Counted {}

/// Holds nothing.
#[derive(Debug, Default)]
pub(in crate::rpc) struct Begun {}

pub(in crate::rpc) fn started(_: &RpcInfo, _: u64) -> Begun {
    Begun {}
}

pub(in crate::rpc) fn finished(_: &RpcInfo, _: &Begun) {}

pub(crate) fn count_again(_: &RpcInfo) {}
