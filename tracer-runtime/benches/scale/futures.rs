//! Many futures at a time, polled in turns by one thread as an executor does.

use crate::cost::{Row, cpu_of};
use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use tracer_runtime::traced;

/// Polls of a future that are not its last.
const PENDING: u32 = 4;
/// All futures that a program makes, however many at a time.
const FUTURES: usize = 100_000;

type Task = Pin<Box<dyn Future<Output = ()>>>;

struct Pending(u32);

impl Future for Pending {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match black_box(self.0).checked_sub(1) {
            Some(left) => {
                self.0 = left;
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }
}

async fn bare() {
    Pending(PENDING).await;
}

#[traced]
async fn waits() {
    Pending(PENDING).await;
}

fn bare_task() -> Task {
    Box::pin(bare())
}

fn task() -> Task {
    Box::pin(waits())
}

/// Each its own root, as the requests of a server are.
pub(crate) fn roots() -> Vec<Row> {
    let run = |at_a_time, task: fn() -> Task| cpu_of(|| block_on(all(at_a_time, task)));
    rows(
        move |at_a_time| run(at_a_time, bare_task),
        move |at_a_time| run(at_a_time, task),
    )
}

/// All within one call; of a trace beyond 4,096 records the middle is dropped.
pub(crate) fn children() -> Vec<Row> {
    rows(
        |at_a_time| cpu_of(|| block_on(all(at_a_time, bare_task))),
        |at_a_time| cpu_of(|| block_on(together(at_a_time))),
    )
}

#[traced]
async fn together(at_a_time: usize) {
    all(at_a_time, task).await;
}

fn rows(
    bare: impl Fn(usize) -> u64 + Copy + 'static,
    traced: impl Fn(usize) -> u64 + Copy + 'static,
) -> Vec<Row> {
    let row = |at_a_time| Row {
        scale: at_a_time,
        spans: FUTURES as u64,
        bare: Box::new(move || bare(at_a_time)),
        traced: Box::new(move || traced(at_a_time)),
    };
    [1, 10, 100, 1_000, 10_000, FUTURES].map(row).into()
}

/// Makes so many tasks and polls them in turns until they have ended; again until there were [`FUTURES`].
async fn all(at_a_time: usize, task: fn() -> Task) {
    let mut tasks = Vec::with_capacity(at_a_time);
    for _ in 0..FUTURES / at_a_time {
        tasks.extend((0..at_a_time).map(|_| task()));
        poll_fn(|context| {
            while !tasks.is_empty() {
                tasks.retain_mut(|task| task.as_mut().poll(context).is_pending());
            }
            Poll::Ready(())
        })
        .await;
    }
}

fn block_on(future: impl Future<Output = ()>) {
    let ended = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    assert!(ended.is_ready());
}
