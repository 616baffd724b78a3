//! The call that this thread works for.

use std::cell::RefCell;

use super::info::RpcInfo;

thread_local! {
    static CURRENT: RefCell<Option<RpcInfo>> = const { RefCell::new(None) };
}

/// Puts back what was current before.
#[derive(Debug)]
pub(super) struct Entered(Option<RpcInfo>);

/// Makes a call the current one.
pub(super) fn enter(info: &RpcInfo) -> Entered {
    Entered(replace(Some(info.clone())))
}

impl Drop for Entered {
    fn drop(&mut self) {
        replace(self.0.take());
    }
}

fn replace(info: Option<RpcInfo>) -> Option<RpcInfo> {
    // Nobody keeps it borrowed: a clone runs no code of others.
    let replaced = CURRENT.try_with(|current| Some(current.try_borrow_mut().ok()?.take()));
    let before = replaced.ok().flatten().flatten();
    let _ = CURRENT.try_with(|current| {
        if let Ok(mut current) = current.try_borrow_mut() {
            *current = info;
        }
    });
    before
}

/// The innermost call that this thread works for.
pub(super) fn get() -> Option<RpcInfo> {
    CURRENT
        .try_with(|current| current.try_borrow().ok()?.clone())
        .ok()
        .flatten()
}
