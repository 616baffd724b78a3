//! Futures that nobody wakes, polled by hand.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Pending once.
pub(crate) fn pause() -> impl Future<Output = ()> + Send + Unpin {
    let mut polled = false;
    poll_fn(move |_| match std::mem::replace(&mut polled, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
}

/// Polls once.
pub(crate) fn poll(future: &mut Pin<Box<impl Future<Output = ()>>>) {
    let _ = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
}

/// Polls until it is ready.
pub(crate) fn finish(future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    let mut task = Context::from_waker(Waker::noop());
    while future.as_mut().poll(&mut task).is_pending() {}
}
