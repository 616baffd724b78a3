//! How other threads wake the collector thread, whatever it waits in.

use std::sync::atomic::{AtomicBool, Ordering::AcqRel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// A flag that one thread waits for. Raising it again before it was seen costs one atomic.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    raised: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Signal {
    /// Wakes the waiting thread, or lets its next wait end at once.
    pub(crate) fn raise(&self) {
        if self.raised.swap(true, AcqRel) {
            return;
        }
        let waiting = self.take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    fn take(&self) -> Option<Waker> {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Ready when the flag was raised; lowers it.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        if self.raised.swap(false, AcqRel) {
            return Poll::Ready(());
        }
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        // Raised before the waker was in its place: nobody will call it.
        if self.raised.swap(false, AcqRel) {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Blocks this thread until the flag is raised, for at most this long. Whether it was.
    pub(crate) fn wait(&self, timeout: Duration) -> bool {
        let end = Instant::now() + timeout;
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let cx = Context::from_waker(&waker);
        while self.poll(&cx).is_pending() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.take();
                return false;
            }
            std::thread::park_timeout(left);
        }
        true
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_raised_before_the_wait_ends_it_at_once_and_only_once() {
        let signal = Signal::default();
        signal.raise();
        signal.raise();
        assert!(signal.wait(Duration::from_secs(60)));
        assert!(!signal.wait(Duration::from_millis(1)));
    }

    #[test]
    fn a_signal_from_another_thread_wakes_the_waiting_one() {
        let signal = Signal::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| signal.wait(Duration::from_secs(60)));
            signal.raise();
            assert!(waiting.join().expect("wait does not panic"));
        });
    }
}
