//! Running a future by hand, and a subscriber that is asked what it has seen.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use tracing::Metadata;
use tracing_mock::subscriber::MockSubscriber;

/// Runs `call` under the mock and asks it whether everything that it waits for has come.
pub(crate) fn check<F>(mock: MockSubscriber<F>, call: impl FnOnce())
where
    F: Fn(&Metadata<'_>) -> bool + Send + Sync + 'static,
{
    let (subscriber, handle) = mock.run_with_handle();
    tracing::subscriber::with_default(subscriber, call);
    handle.assert_finished();
}

/// Polls until it is ready.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Pending at the first `polls - 1` polls.
pub(crate) struct Polls(pub(crate) usize);

impl Future for Polls {
    type Output = Result<(), &'static str>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.0 -= 1;
        match self.0 {
            0 => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        }
    }
}
