//! A future that runs inside of a call.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use super::call::RpcCall;

/// Runs it to its end.
pub(super) async fn run<F: Future>(call: &mut RpcCall, future: F) -> F::Output {
    let future = pin!(Some(future));
    let mut within = Within { call, future };
    poll_fn(|task| within.poll(task)).await
}

/// A future inside of a call, where it is dropped too: what is cancelled with it finds the call's span.
struct Within<'a, F> {
    call: &'a mut RpcCall,
    /// Nothing once it is dropped.
    future: Pin<&'a mut Option<F>>,
}

impl<F: Future> Within<'_, F> {
    fn poll(&mut self, task: &mut Context<'_>) -> Poll<F::Output> {
        let Self { call, future } = self;
        call.within(|| {
            let polled = match future.as_mut().as_pin_mut() {
                Some(future) => future.poll(task),
                None => Poll::Pending,
            };
            if polled.is_ready() {
                future.set(None);
            }
            polled
        })
    }
}

impl<F> Drop for Within<'_, F> {
    fn drop(&mut self) {
        if self.future.is_some() {
            self.call.within(|| self.future.set(None));
        }
    }
}
