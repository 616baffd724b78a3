//! What is current in a thread while futures are polled in turn, inside each other, and elsewhere.

use super::*;
use crate::span::context::Context;

/// The spans of the only trace that was kept, each with the name of its parent.
fn parents(recorder: &Recorder) -> Vec<(&'static str, &'static str)> {
    let fragments = recorder.fragments();
    let spans: Vec<_> = fragments.iter().flat_map(|f| f.spans()).collect();
    let name_of = |id| spans.iter().find(|s| s.record.span == id);
    spans
        .iter()
        .map(|s| {
            let parent = name_of(s.record.parent).map_or("", |p| p.record.callsite.name);
            (s.record.callsite.name, parent)
        })
        .collect()
}

/// Calls something in each of three polls.
fn three_polls(site: &'static Callsite, inside: &'static Callsite) -> Task {
    Box::pin(traced(site, async move {
        for _ in 0..2 {
            call(inside);
            pause().await;
        }
        call(inside);
    }))
}

#[test]
fn futures_of_one_trace_that_are_polled_in_turn_keep_their_own_children() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let mut a = three_polls(site!("a"), site!("in a"));
    let mut b = three_polls(site!("b"), site!("in b"));
    for _ in 0..3 {
        let _ = poll(&mut a);
        call(site!("between"));
        let _ = poll(&mut b);
    }
    failed(root);
    let parents = parents(&recorder);
    let of = |name: &str| -> Vec<&str> {
        let spans = parents.iter().filter(|(of, _)| *of == name);
        spans.map(|(_, parent)| *parent).collect()
    };
    assert_eq!(of("in a"), ["a"; 3]);
    assert_eq!(of("in b"), ["b"; 3]);
    assert_eq!(of("between"), ["root"; 3]);
    assert_eq!((of("a"), of("b")), (vec!["root"], vec!["root"]));
    assert_idle();
    recorder.accounts_for(12);
}

#[test]
fn a_future_that_goes_on_inside_its_sibling_gives_the_sibling_back() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let mut a = three_polls(site!("a"), site!("in a"));
    assert!(poll(&mut a).is_pending());
    let mut b: Task = Box::pin(traced(site!("b"), async move {
        let _ = poll(&mut a);
        call(site!("in b"));
        let _ = poll(&mut a);
        call(site!("in b"));
    }));
    finish(&mut b);
    failed(root);
    assert_eq!(
        parents(&recorder),
        [
            ("in a", "a"),
            ("in a", "a"),
            ("in b", "b"),
            ("in a", "a"),
            ("a", "root"),
            ("in b", "b"),
            ("b", "root"),
            ("root", ""),
        ]
    );
    recorder.accounts_for(8);
}

#[test]
fn a_future_that_is_polled_in_another_task_of_its_trace_goes_on_there_and_comes_back() {
    let recorder = Recorder::with(Sampler::always_on(), Keep::nothing());
    let root = enter(site!("root"));
    let mut child = three_polls(site!("child"), site!("in child"));
    assert!(poll(&mut child).is_pending());
    let context = Context::current();
    let mut child = recorder.elsewhere(move || {
        let _attached = context.attach();
        assert!(poll(&mut child).is_pending());
        child
    });
    finish(&mut child);
    call(site!("after"));
    ok(root);
    let mut kept = recorder.kept();
    kept.sort();
    assert_eq!(
        kept,
        [
            vec!["in child"],
            vec!["in child", "in child", "child", "after", "root"]
        ]
    );
    assert_eq!(recorder.totals().orphans, 0);
    recorder.accounts_for(6);
}

#[test]
fn guards_forgotten_in_a_later_poll_of_a_child_are_healed_at_its_end() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let mut child: LocalTask = Box::pin(traced(site!("child"), async {
        pause().await;
        std::mem::forget(enter_root(site!("forgotten root")));
        std::mem::forget(enter(site!("forgotten child")));
        pause().await;
    }));
    for _ in 0..2 {
        assert!(poll(&mut child).is_pending());
        call(site!("after"));
    }
    assert!(poll(&mut child).is_ready());
    failed(root);
    assert_eq!(
        parents(&recorder),
        [
            ("after", "root"),
            ("after", "root"),
            ("child", "root"),
            ("root", "")
        ]
    );
    assert_eq!(recorder.totals().healed, 1);
    assert_idle();
    recorder.accounts_for(4);
}

#[test]
fn a_child_that_is_cancelled_elsewhere_in_its_trace_leaves_what_is_current_there() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let mut child = three_polls(site!("child"), site!("in child"));
    for _ in 0..2 {
        assert!(poll(&mut child).is_pending());
    }
    let other = enter(site!("other"));
    drop(child);
    call(site!("in other"));
    ok(other);
    failed(root);
    assert_eq!(
        parents(&recorder),
        [
            ("in child", "child"),
            ("in child", "child"),
            ("child", "root"),
            ("in other", "other"),
            ("other", "root"),
            ("root", ""),
        ]
    );
    recorder.accounts_for(6);
}
