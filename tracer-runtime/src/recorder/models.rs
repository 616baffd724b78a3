//! The shared parts under loom, which tries every order of their steps: slots, and the queue in both directions.

use loom::thread;

use super::fragment::Fragment;
use super::queue::{Queue, Queued};
use super::slot::{Handle, Joined, Slab, Stock};
use crate::TraceId;

const BUDGET: usize = 1 << 20;

fn slab() -> &'static Slab {
    Box::leak(Box::default())
}

fn fragment(trace: u64) -> Box<Fragment> {
    let mut fragment = Box::new(Fragment::new());
    fragment.trace = TraceId([0, trace]);
    fragment
}

fn traces(fragments: impl IntoIterator<Item = Box<Fragment>>) -> Vec<u64> {
    fragments.into_iter().map(|f| f.trace.0[1]).collect()
}

/// A task of trace 1 that ends; how many fragments it has left to be settled elsewhere.
fn task(root: Handle) -> usize {
    let Some(reference) = root.upgrade() else {
        return 0;
    };
    match reference.join(fragment(1), 1) {
        Joined::Waits => 1,
        Joined::Verdict(own, verdict) => {
            assert!(verdict && traces([own]) == [1]);
            0
        }
        Joined::Absorbed(_) | Joined::OnItsOwn(_) => {
            unreachable!("one small fragment may always wait")
        }
    }
}

/// The end of a root, and the fragments that it decides for.
fn end(root: Handle) -> Vec<u64> {
    let (verdict, waiting) = root.decide(true, |_| false);
    assert!(verdict);
    root.release();
    traces(waiting)
}

#[test]
fn a_task_joins_its_own_trace_or_none() {
    loom::model(|| {
        let slab = slab();
        let first = slab.open(None);
        let other = thread::spawn(move || task(first));
        let mut decided = end(first);
        // Mostly in the same slot.
        let second = slab.open(None);
        assert!(end(second).is_empty());
        let waited = other.join().unwrap();
        assert_eq!(decided.len(), waited);
        decided.dedup();
        assert!(decided.is_empty() || decided == [1]);
        assert!(first.upgrade().is_none() && second.upgrade().is_none());
        assert_eq!(slab.free(), slab.len());
    });
}

#[test]
fn the_last_of_many_references_closes_a_slot_once() {
    loom::model(|| {
        let slab = slab();
        let root = slab.open(None);
        let tasks: Vec<_> = (0..2)
            .map(|_| thread::spawn(move || drop(root.upgrade())))
            .collect();
        root.release();
        for task in tasks {
            task.join().unwrap();
        }
        assert!(root.upgrade().is_none());
        assert_eq!((slab.len(), slab.free()), (1, 1));
    });
}

#[test]
fn what_is_left_of_a_stock_and_what_was_taken_from_it_close_a_slot_once() {
    loom::model(|| {
        let slab = slab();
        let root = slab.open(None);
        let mut stock = None;
        let [stays, goes, more] =
            std::array::from_fn(|_| Stock::reference(&mut stock, root).unwrap());
        let other = thread::spawn(move || drop((goes, more)));
        Stock::put_back(&mut stock, stays);
        root.release();
        drop(stock);
        other.join().unwrap();
        assert!(root.upgrade().is_none());
        assert_eq!((slab.len(), slab.free()), (1, 1));
    });
}

#[test]
fn what_waits_is_judged_by_its_root_or_by_the_sweep_never_by_both() {
    loom::model(|| {
        let slab = slab();
        let root = slab.open(None);
        assert_eq!(task(root), 1);
        let sweep = thread::spawn(move || slab.overdue(u64::MAX).len());
        let decided = end(root).len();
        assert_eq!(decided + sweep.join().unwrap(), 1);
        assert_eq!(slab.free(), 1);
    });
}

#[test]
fn what_the_queue_accepts_comes_out_once_and_the_collector_is_woken() {
    loom::model(|| {
        let queue: &Queue = Box::leak(Box::new(Queue::new()));
        let push = |trace| match queue.push(fragment(trace), BUDGET, false) {
            Queued::Yes { wake, .. } => (1, wake),
            Queued::Full(_) => unreachable!("two small fragments are not too many"),
            Queued::Closed(_) => (0, false),
        };
        let other = thread::spawn(move || push(1));
        let mine = push(2);
        let early = queue.take().len();
        let theirs = other.join().unwrap();
        // Two that wait at one time are enough to wake it.
        assert_eq!(early == 2, mine.1 || theirs.1);
        queue.close();
        assert!(matches!(
            queue.push(fragment(3), BUDGET, true),
            Queued::Closed(_)
        ));
        assert_eq!(early + queue.take().len(), mine.0 + theirs.0);
    });
}

#[test]
fn what_is_pushed_while_the_queue_closes_comes_out_or_is_refused() {
    loom::model(|| {
        let queue: &Queue = Box::leak(Box::new(Queue::new()));
        let other = thread::spawn(move || {
            let pushed = queue.push(fragment(1), BUDGET, true);
            usize::from(!matches!(pushed, Queued::Closed(_)))
        });
        queue.close();
        let last = queue.take().len();
        assert_eq!(last, other.join().unwrap());
        assert_eq!(queue.size(), (0, 0));
    });
}

#[test]
fn a_small_trace_that_the_queue_takes_comes_out_once_and_its_fragment_stays() {
    loom::model(|| {
        let queue: &Queue = Box::leak(Box::new(Queue::new()));
        let push = |trace| {
            let mut small = fragment(trace);
            let taken = queue.push_small(&mut small, BUDGET).is_some();
            assert_eq!(small.plain, taken && small.has_full_size_chunk());
            usize::from(taken)
        };
        let other = thread::spawn(move || push(1));
        let mine = push(2);
        let early = queue.take().len();
        queue.close();
        assert_eq!(push(3), 0);
        let late = queue.take().len();
        assert_eq!(early + late, mine + other.join().unwrap());
        assert_eq!(queue.size(), (0, 0));
    });
}

/// Gives a trace to the queue; how many emptied fragments came in exchange.
fn exchange(queue: &Queue, trace: u64) -> usize {
    match queue.push(fragment(trace), BUDGET, true) {
        Queued::Yes { emptied, .. } => usize::from(emptied.is_some_and(|f| f.trace.0[1] == 9)),
        Queued::Full(_) => unreachable!("three small fragments are not too many"),
        Queued::Closed(_) => 0,
    }
}

#[test]
fn what_the_collector_gives_back_goes_to_one_thread() {
    loom::model(|| {
        let queue: &Queue = Box::leak(Box::new(Queue::new()));
        let other = thread::spawn(move || exchange(queue, 1));
        let collector = thread::spawn(move || {
            let mut emptied = vec![fragment(9)];
            queue.give_back(&mut emptied);
            assert!(emptied.is_empty());
        });
        let mine = exchange(queue, 2);
        collector.join().unwrap();
        let taken = mine + other.join().unwrap();
        assert_eq!(taken + queue.emptied(), 1);
        assert_eq!(exchange(queue, 3), 1 - taken);
        let mut came_out = traces(queue.take());
        came_out.sort_unstable();
        assert_eq!(came_out, [1, 2, 3]);
    });
}

#[test]
fn a_queue_that_closes_keeps_no_emptied_fragments() {
    loom::model(|| {
        let queue: &Queue = Box::leak(Box::new(Queue::new()));
        let other = thread::spawn(move || exchange(queue, 1));
        let collector = thread::spawn(move || queue.give_back(&mut vec![fragment(9)]));
        queue.close();
        assert!(other.join().unwrap() <= 1);
        collector.join().unwrap();
        assert_eq!(queue.emptied(), 0);
    });
}
