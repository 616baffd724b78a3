//! The call that this thread works for.

use std::cell::Cell;
use std::mem::ManuallyDrop;

use super::info::RpcInfo;
use crate::callsite::SpanKind;

thread_local! {
    // Without a destructor, so that reaching it costs no check: whoever makes a call current takes it out again.
    static CURRENT: ManuallyDrop<Cell<Option<RpcInfo>>> = const { ManuallyDrop::new(Cell::new(None)) };
}

/// A call that can be made current, over and over, without its references being counted each time.
///
/// While it is current, this is what was so before.
#[derive(Debug, Default)]
pub(super) struct Current(Option<RpcInfo>);

impl Current {
    pub(super) fn new(info: RpcInfo) -> Self {
        Self(Some(info))
    }

    /// The call, which is never current again.
    #[inline]
    pub(super) fn take(&mut self) -> Option<RpcInfo> {
        self.0.take()
    }

    /// Makes the call the current one; or what was so before, where it is.
    #[inline]
    pub(super) fn swap(&mut self) {
        swap(&mut self.0);
    }

    /// Makes the call the current one until the guard is dropped.
    pub(super) fn enter(info: RpcInfo) -> Kept {
        let mut before = Some(info);
        swap(&mut before);
        Kept { before }
    }
}

/// Puts back what was current before.
#[derive(Debug)]
pub(super) struct Kept {
    before: Option<RpcInfo>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        swap(&mut self.before);
    }
}

/// Exchanges it for what is current.
#[inline]
fn swap(info: &mut Option<RpcInfo>) {
    let _ = CURRENT.try_with(|current| *info = current.replace(info.take()));
}

/// The innermost call that this thread works for.
pub(super) fn get() -> Option<RpcInfo> {
    let cloned = CURRENT.try_with(|current| {
        let own = current.take();
        // A clone runs no code of others, which could miss it meanwhile.
        let cloned = own.clone();
        current.set(own);
        cloned
    });
    cloned.ok().flatten()
}

/// Whether this thread works for a call that this process serves.
pub(crate) fn serves() -> bool {
    RpcInfo::current().is_some_and(|call| call.kind() == SpanKind::Server)
}
