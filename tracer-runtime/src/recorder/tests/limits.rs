//! What is bounded: records of a trace, waiting tasks, traces inside each other, the queue.

use super::*;
use crate::record::{CallOutcome, SpanRecord};
use crate::recorder::account::DropReason;
use crate::recorder::budget::{CHUNK_RECORDS, SMALL_CHUNK_RECORDS};
use crate::recorder::fragment::{FIRST_RECORDS, MAX_RECORDS, Pushed};
use crate::recorder::queue::{Queue, Queued};
use crate::recorder::slot::{Joined, MAX_WAITING_BYTES, Slab};
use crate::recorder::suspended::MAX_DEPTH;
use crate::span::context::Context;
use crate::span::task::FutureExt;
use crate::{SpanId, TraceId};

const LONG: usize = 5 * MAX_RECORDS / 2;

fn calls(site: &'static Callsite, number: usize) {
    for _ in 0..number {
        call(site);
    }
}

#[test]
fn a_long_undecided_trace_keeps_its_first_and_its_newest_records() {
    const NEWEST: usize = MAX_RECORDS / 2 + 8;
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    calls(site!("first"), FIRST_RECORDS);
    calls(site!("middle"), LONG);
    calls(site!("newest"), NEWEST);
    failed(root);
    let fragments = recorder.fragments();
    let [kept] = fragments.as_slices().0 else {
        panic!("{} fragments", fragments.len());
    };
    let names = names(kept);
    assert!(names.len() <= MAX_RECORDS && names.len() > MAX_RECORDS - CHUNK_RECORDS);
    let count = |name| names.iter().filter(|n| **n == name).count();
    assert_eq!((count("first"), count("newest")), (FIRST_RECORDS, NEWEST));
    // Whole chunks are used again, so the newest need not be the last in the row; the root is.
    assert_eq!(names.last(), Some(&"root"));
    let dropped = recorder.totals().dropped(DropReason::TraceTooLong);
    let made = (FIRST_RECORDS + LONG + NEWEST + 1) as u64;
    assert_eq!(dropped, made - names.len() as u64);
    let noted = kept.spans().last().and_then(|s| s.details.cloned());
    let noted = noted.unwrap().own_attributes;
    assert_eq!(noted[0].key, "tracer.dropped_records");
    assert_eq!(noted[0].value, (dropped as i64).into());
    recorder.accounts_for(made);
}

#[test]
fn records_stay_in_order_when_the_middle_is_forgotten() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    calls(site!("n"), LONG);
    failed(root);
    let fragments = recorder.fragments();
    let starts: Vec<_> = fragments[0].spans().map(|s| s.record.start).collect();
    let calls = &starts[..starts.len() - 1];
    assert!(calls.is_sorted());
}

#[test]
fn a_long_undecided_trace_that_is_decided_against_leaves_nothing() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    calls(site!("n"), LONG);
    ok(root);
    assert!(recorder.kept().is_empty());
    recorder.accounts_for(LONG as u64 + 1);
}

#[test]
fn a_long_sampled_trace_is_handed_over_in_parts_and_whole() {
    let recorder = Recorder::with(Sampler::always_on(), Keep::nothing());
    let root = enter(site!("root"));
    calls(site!("n"), LONG);
    ok(root);
    let parts = recorder.fragments();
    assert_eq!(parts.len(), LONG / MAX_RECORDS + 1);
    assert_eq!(parts.iter().map(|p| p.len()).sum::<usize>(), LONG + 1);
    assert!(parts.iter().all(|p| p.trace == parts[0].trace));
    assert!(parts.iter().all(|p| p.sampled && !p.partial));
    recorder.accounts_for(LONG as u64 + 1);
}

#[test]
fn a_long_trace_with_an_error_is_handed_over_in_parts_and_marked() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    fail(site!("error"));
    calls(site!("n"), LONG);
    ok(root);
    let parts = recorder.fragments();
    assert_eq!(parts.iter().map(|p| p.len()).sum::<usize>(), LONG + 2);
    assert!(parts.len() > 1 && parts.iter().all(|p| p.partial));
    recorder.accounts_for(LONG as u64 + 2);
}

#[test]
fn a_trace_that_is_handed_over_early_takes_the_tasks_that_wait_and_no_later_ones() {
    let recorder = Recorder::new();
    let task = |site| {
        let mut task: Task = Box::pin(traced(site, async {}).in_current_context());
        finish(&mut task);
    };
    let of_tasks = |recorder: &Recorder| {
        let kept = recorder.kept();
        kept.into_iter()
            .filter(|n| n.len() == 1)
            .flatten()
            .collect::<Vec<_>>()
    };
    let loops = enter(site!("loop"));
    task(site!("early"));
    fail(site!("error"));
    calls(site!("n"), MAX_RECORDS);
    assert_eq!(of_tasks(&recorder), ["early"]);
    task(site!("later"));
    assert_eq!(of_tasks(&recorder), [""; 0]);
    ok(loops);
    assert_eq!(of_tasks(&recorder), ["later"]);
    recorder.accounts_for(4 + MAX_RECORDS as u64);
}

#[test]
fn tasks_wait_for_their_root_in_bounded_memory() {
    const TASKS: u64 = if cfg!(miri) { 40 } else { 100_000 };
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let mut waiting = 0;
    for _ in 0..TASKS {
        let mut task: Task = Box::pin(traced(site!("task"), async {}).in_current_context());
        assert!(poll(&mut task).is_ready());
        waiting += 1;
    }
    waiting -= recorder.totals().settled();
    assert!(waiting > 0);
    assert!(waiting as usize * SMALL_CHUNK_RECORDS * 64 <= MAX_WAITING_BYTES);
    // What cannot wait is judged by itself.
    let mut task: Task = Box::pin(failing(site!("bad"), async {}).in_current_context());
    assert!(poll(&mut task).is_ready());
    let alone = recorder.fragments();
    assert_eq!(names(&alone[0]), ["bad"]);
    assert!(alone[0].partial);
    failed(root);
    assert_eq!(recorder.fragments().len() as u64, waiting + 1);
    recorder.accounts_for(TASKS + 2);
}

#[test]
fn tasks_that_have_waited_too_long_are_taken_out() {
    let slab: &Slab = Box::leak(Box::default());
    let root = slab.open(None);
    for since in [10, 20, 30] {
        let task = root.upgrade().unwrap();
        assert!(matches!(
            task.join(Box::new(Fragment::new()), since),
            Joined::Waits
        ));
    }
    assert_eq!(slab.overdue(25).len(), 2);
    assert_eq!(slab.overdue(25).len(), 0);
    assert_eq!(root.decide(true, |_| false).1.len(), 1);
    root.release();
    assert!(root.upgrade().is_none());
}

#[test]
fn forgotten_roots_pile_up_to_a_limit_and_are_counted_beyond_it() {
    let recorder = Recorder::new();
    let beyond = MAX_DEPTH / 4;
    recorder.elsewhere(move || {
        for _ in 0..=MAX_DEPTH + beyond {
            std::mem::forget(enter_root(site!("forgotten")));
        }
        call(site!("call"));
        let mut task: Task = Box::pin(traced_at_root());
        assert!(poll(&mut task).is_ready());
    });
    let totals = recorder.totals();
    assert_eq!(totals.dropped(DropReason::NestedTooDeep), beyond as u64 + 1);
    assert_eq!(totals.healed, MAX_DEPTH as u64 + 1);
    recorder.accounts_for(beyond as u64 + 2);
}

async fn traced_at_root() {
    let at = Start::root();
    crate::span::future::traced_at(site!("too deep"), at, async {}, Fails).await;
}

#[test]
fn a_root_polled_where_too_many_are_suspended_is_settled_there() {
    let recorder = Recorder::new();
    let (tell, told) = std::sync::mpsc::channel();
    let mut task: Task = Box::pin(traced(site!("root"), async move {
        tell.send(Context::current()).unwrap();
        traced(site!("task"), async {}).in_current_context().await;
        fail(site!("error"));
        pause().await;
        call(site!("lost"));
    }));
    assert!(poll(&mut task).is_pending());
    recorder.elsewhere(move || {
        for _ in 0..=MAX_DEPTH {
            std::mem::forget(enter_root(site!("forgotten")));
        }
        assert!(poll(&mut task).is_ready());
    });
    assert!(told.recv().unwrap().handle().unwrap().upgrade().is_none());
    assert_eq!(recorder.kept(), [["task"], ["error"]]);
    assert_eq!(recorder.totals().dropped(DropReason::NestedTooDeep), 1);
    recorder.accounts_for(4);
}

#[test]
fn contexts_forgotten_or_attached_too_deep_are_harmless() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let context = Context::current();
    recorder.elsewhere(move || {
        for _ in 0..MAX_DEPTH + 20 {
            std::mem::forget(context.attach());
        }
        call(site!("call"));
        let mut task: Task = Box::pin(traced(site!("task"), pause()).in_context(context));
        assert!(poll(&mut task).is_pending());
        finish(&mut task);
    });
    ok(root);
    assert!(context.handle().unwrap().upgrade().is_none());
    recorder.accounts_for(3);
}

#[test]
fn a_full_queue_gives_back_what_it_cannot_take() {
    // Not through a recorder: that queue takes half of the budget, which the tests beside this one share.
    let (queue, one) = (Queue::new(), Box::new(Fragment::new()));
    let max_bytes = 3 * one.bytes();
    for _ in 0..3 {
        let fragment = Box::new(Fragment::new());
        assert!(matches!(
            queue.push(fragment, max_bytes, true),
            Queued::Yes { .. }
        ));
    }
    assert!(matches!(queue.push(one, max_bytes, true), Queued::Full(_)));
    assert_eq!(queue.size(), (3, max_bytes));
    assert_eq!(queue.take().len(), 3);
    let fragment = Box::new(Fragment::new());
    assert!(matches!(
        queue.push(fragment, max_bytes, true),
        Queued::Yes { .. }
    ));
}

#[test]
fn what_ends_after_shutdown_is_counted() {
    let recorder = Recorder::new();
    recorder.pipeline.queue.close();
    fail(site!("error"));
    assert_eq!(recorder.totals().dropped(DropReason::Shutdown), 1);
    recorder.accounts_for(1);
}

#[test]
fn short_tasks_that_wait_share_room() {
    let slab: &Slab = Box::leak(Box::default());
    let root = slab.open(None);
    let task = |outcome: CallOutcome, seen: u8| {
        let mut fragment = Box::new(Fragment::new());
        fragment.trace = TraceId([1, 1]);
        fragment.seen = seen;
        fragment.link = root.upgrade();
        assert!(fragment.grow(|| None));
        fragment.push(SpanRecord {
            span: SpanId(1),
            parent: SpanId::INVALID,
            callsite: site!("task"),
            start: 1,
            duration: 1,
            outcome,
            details: 0,
        });
        let link = fragment.link.take().unwrap();
        match link.join(fragment, 1) {
            Joined::Waits => "waits",
            Joined::Absorbed(emptied) => {
                assert_eq!(emptied.len(), 0);
                "absorbed"
            }
            Joined::Verdict(..) | Joined::OnItsOwn(_) => unreachable!("the root runs"),
        }
    };
    let ends = [(); 9].map(|()| task(CallOutcome::Ok, 0));
    assert_eq!(
        (ends[0], ends[1], ends[7], ends[8]),
        ("waits", "absorbed", "absorbed", "waits")
    );
    // What may be worth keeping by itself stays by itself.
    assert_eq!(task(CallOutcome::Error, 1), "waits");
    assert_eq!(task(CallOutcome::Ok, 0), "waits");
    let (_, waiting) = root.decide(false, |_| false);
    let records: Vec<usize> = waiting.iter().map(|f| f.len()).collect();
    assert_eq!(records, [8, 1, 1, 1]);
    root.release();
}

#[test]
fn what_waits_where_memory_is_scarce_keeps_its_records_and_no_more_room_than_they_need() {
    let mut fragment = Fragment::new();
    let mut record = SpanRecord {
        span: SpanId(0),
        parent: SpanId::INVALID,
        callsite: site!("waits"),
        start: 1,
        duration: 1,
        outcome: CallOutcome::Ok,
        details: 0,
    };
    let mut bytes = Vec::new();
    for round in 1..=5 {
        for _ in 0..round {
            record.span.0 += 1;
            if fragment.push(record) == Pushed::Full {
                assert!(fragment.grow(|| None));
                assert_eq!(fragment.push(record), Pushed::Yes);
            }
        }
        let mut spared = 0;
        fragment.compact(|chunk| {
            assert!(chunk.records.is_empty());
            spared += usize::from(chunk.is_full_size());
        });
        bytes.push((fragment.bytes() - size_of::<Fragment>(), spared));
    }
    // It grows to a full-size chunk where it has no room left, which goes when it waits again.
    assert_eq!(bytes, [(512, 1), (512, 0), (512, 0), (1024, 1), (1024, 0)]);
    let spans: Vec<u64> = fragment.spans().map(|s| s.record.span.0).collect();
    assert_eq!(spans, (1..=15).collect::<Vec<_>>());
}
