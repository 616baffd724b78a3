//! How other threads wake the collector thread, whatever it waits in.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use crate::sync::atomic::{AtomicBool, Ordering::AcqRel};
use crate::sync::{Mutex, lock};

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
        lock(&self.waiting).take()
    }

    /// Ready when the flag was raised; lowers it.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        if self.raised.swap(false, AcqRel) {
            return Poll::Ready(());
        }
        *lock(&self.waiting) = Some(cx.waker().clone());
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

/// Drives a future on this thread; `None` where the deadline came first.
#[cfg(feature = "opentelemetry")]
pub(super) fn block_on<F: Future>(future: F, deadline: Instant) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        std::thread::park_timeout(left);
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(all(test, not(tracer_loom)))]
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

#[cfg(all(test, tracer_loom))]
mod models {
    use loom::sync::{Arc, Condvar, Mutex};
    use loom::thread;

    use super::*;

    /// Loom's `unpark` wakes a thread out of anything, so the waker is built of a lock.
    #[derive(Default)]
    struct Awake {
        woken: Mutex<bool>,
        changed: Condvar,
    }

    impl Wake for Awake {
        fn wake(self: std::sync::Arc<Self>) {
            *lock(&self.woken) = true;
            self.changed.notify_one();
        }
    }

    fn wait(signal: &Signal) {
        let awake = std::sync::Arc::new(Awake::default());
        let waker = Waker::from(awake.clone());
        while signal.poll(&Context::from_waker(&waker)).is_pending() {
            let mut woken = lock(&awake.woken);
            while !std::mem::take(&mut *woken) {
                woken = awake.changed.wait(woken).unwrap();
            }
        }
    }

    /// A wake that is lost shows as a deadlock.
    #[test]
    fn a_signal_is_never_lost() {
        loom::model(|| {
            let signal = Arc::new(Signal::default());
            let raising: Vec<_> = (0..2)
                .map(|_| {
                    let signal = signal.clone();
                    thread::spawn(move || signal.raise())
                })
                .collect();
            wait(&signal);
            for thread in raising {
                thread.join().unwrap();
            }
        });
    }

    #[test]
    fn what_was_done_before_a_signal_is_seen_after_it() {
        use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
        loom::model(|| {
            let shared = Arc::new((Signal::default(), AtomicBool::new(false)));
            let theirs = shared.clone();
            let raising = thread::spawn(move || {
                theirs.1.store(true, Relaxed);
                theirs.0.raise();
            });
            wait(&shared.0);
            assert!(shared.1.load(Relaxed));
            raising.join().unwrap();
        });
    }
}
