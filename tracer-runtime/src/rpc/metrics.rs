//! What calls count.

use super::info::RpcInfo;

/// A call has started.
pub(super) fn started(info: &RpcInfo) {
    let _ = info;
}

/// A call is over; its statistics say how.
pub(super) fn finished(info: &RpcInfo) {
    let _ = info;
}
