//! The call that this thread works for.

use std::cell::Cell;

use super::info::RpcInfo;
use crate::callsite::SpanKind;

thread_local! {
    static CURRENT: Cell<Option<RpcInfo>> = const { Cell::new(None) };
}

/// A call that can be made current, over and over, without its references being counted each time.
#[derive(Debug, Default)]
pub(super) struct Current {
    /// `None` while it is current.
    own: Option<RpcInfo>,
}

impl Current {
    pub(super) fn new(info: RpcInfo) -> Self {
        Self { own: Some(info) }
    }

    /// Makes the call the current one while this runs, unwinding included.
    pub(super) fn within<R>(&mut self, run: impl FnOnce() -> R) -> R {
        let _entered = Entered {
            before: self.own.take().map(|own| replace(Some(own))),
            home: &mut self.own,
        };
        run()
    }

    /// Makes the call the current one until the guard is dropped.
    pub(super) fn enter(info: RpcInfo) -> Kept {
        Kept {
            before: replace(Some(info)),
        }
    }
}

/// Puts back what was current before, and the call into its home.
struct Entered<'a> {
    before: Option<Option<RpcInfo>>,
    home: &'a mut Option<RpcInfo>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            *self.home = replace(before);
        }
    }
}

/// Puts back what was current before.
#[derive(Debug)]
pub(super) struct Kept {
    before: Option<RpcInfo>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        replace(self.before.take());
    }
}

/// What was current; `None` where the thread is about to end.
fn replace(info: Option<RpcInfo>) -> Option<RpcInfo> {
    CURRENT.try_with(|current| current.replace(info)).ok()?
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
