//! Subscribers that remember, and futures that are polled by hand.

use std::future::Future;
use std::io::{self, Write};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use tracing::{Metadata, Subscriber};
use tracing_mock::subscriber::MockSubscriber;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::FmtSpan;

/// Runs `call` under the mock and asks it whether everything that it waits for has come, in that order.
#[track_caller]
pub(crate) fn check<F>(mock: MockSubscriber<F>, call: impl FnOnce())
where
    F: Fn(&Metadata<'_>) -> bool + Send + Sync + 'static,
{
    let (subscriber, handle) = mock.run_with_handle();
    tracing::subscriber::with_default(subscriber, call);
    handle.assert_finished();
}

/// Text that a subscriber writes.
#[derive(Clone, Default)]
pub(crate) struct Text(Arc<Mutex<Vec<u8>>>);

impl Text {
    /// What was written since the last time.
    pub(crate) fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        String::from_utf8(bytes).unwrap()
    }

    pub(crate) fn writer(&self) -> impl Fn() -> Self + Send + Sync + 'static {
        let text = self.clone();
        move || text.clone()
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `fmt` at every level, which writes a line for each span that begins and ends, and for each event.
pub(crate) fn lines(text: &Text) -> impl Subscriber + Send + Sync + 'static {
    fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .without_time()
        .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
        .with_writer(text.writer())
        .finish()
}

/// What [`lines`] writes meanwhile, less the times.
pub(crate) fn written(call: impl FnOnce()) -> String {
    let text = Text::default();
    tracing::subscriber::with_default(lines(&text), call);
    without_times(&text.take())
}

pub(crate) fn without_times(lines: &str) -> String {
    let cut = |line: &str| line.split(" time.busy").next().unwrap().to_owned();
    lines.lines().map(|line| cut(line) + "\n").collect()
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return output;
        }
    }
}

pub(crate) fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Pending as often.
pub(crate) struct Pending(pub(crate) usize);

impl Future for Pending {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match self.0.checked_sub(1) {
            None => Poll::Ready(()),
            Some(left) => {
                self.0 = left;
                Poll::Pending
            }
        }
    }
}
