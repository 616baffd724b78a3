//! Series are found again, told apart, and never too many.

use std::ptr;

use crate::metrics::explicit::Bounds;
use crate::rpc::metrics::key::Key;
use crate::rpc::metrics::merge::{labels, latencies};
use crate::rpc::metrics::registry::Registry;

const BOUNDS: Bounds = Bounds {
    upper: &[10.0],
    per_unit: 1.0,
};

#[test]
fn one_key_has_one_series_on_every_thread() {
    let registry = Registry::new(Some(BOUNDS));
    let key = Key::new(["a", "b"]);
    let series = registry.series(&key);
    assert!(ptr::eq(series, registry.series(&key)));
    let elsewhere = std::thread::scope(|scope| {
        let found = scope.spawn(|| registry.series(&Key::new(["a", "b"])));
        found.join().expect("nothing panics there")
    });
    assert!(ptr::eq(series, elsewhere));
    assert!(!ptr::eq(series, registry.series(&Key::new(["ab", ""]))));
}

#[test]
fn registries_share_no_series_although_threads_remember_them_together() {
    let (one, two) = (Registry::new(Some(BOUNDS)), Registry::new(Some(BOUNDS)));
    let key = Key::new(["same"]);
    assert!(!ptr::eq(one.series(&key), two.series(&key)));
    assert!(ptr::eq(one.series(&key), one.series(&key)));
}

#[test]
fn more_series_than_a_thread_remembers_are_still_each_their_own() {
    let registry = Registry::new(Some(BOUNDS));
    let names: Vec<String> = (0..1_000).map(|i| format!("method {i}")).collect();
    for round in 1..=3 {
        for name in &names {
            registry.series(&Key::new([name])).record(1);
        }
        let counts: Vec<u64> = registry.all().iter().map(|series| series.count()).collect();
        assert_eq!(counts, vec![round; 1_000]);
    }
}

#[test]
fn what_comes_beyond_the_limit_is_counted_together_and_nothing_is_lost() {
    let registry = Registry::with_limit(Some(BOUNDS), 3);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for i in 0..100 {
                    registry
                        .series(&Key::new([&*format!("{}", i % 10)]))
                        .record(i);
                }
            });
        }
    });
    let all = registry.all();
    assert_eq!(all.len(), 4);
    let own = |key: &Key<'static>| {
        let [text] = key.texts();
        vec![("own".into(), text.into())]
    };
    let said: Vec<_> = all.iter().map(|series| labels(series, own)).collect();
    assert_eq!(said[0], [("otel.metric.overflow".into(), true.into())]);
    assert_eq!(said[1..].iter().filter(|l| l[0].0 == "own").count(), 3);
    let counts: Vec<u64> = all.iter().map(|series| series.count()).collect();
    assert_eq!(counts, [280, 40, 40, 40]);
    let sum: f64 = latencies(&all, own).iter().map(|(_, all)| all.sum).sum();
    assert_eq!(sum, 4.0 * 4_950.0);
}

#[test]
fn a_call_is_found_where_it_was_counted_and_nothing_is_made() {
    let registry = Registry::with_limit(Some(BOUNDS), 2);
    assert!(registry.known(&Key::new(["one"])).is_none());
    assert!(registry.all().is_empty());
    for name in ["one", "two", "three"] {
        let series = registry.series(&Key::new([name]));
        let found = std::thread::scope(|scope| {
            let elsewhere = scope.spawn(|| registry.known(&Key::new([name])));
            elsewhere.join().expect("nothing panics there")
        });
        assert!(found.is_some_and(|found| ptr::eq(found, series)), "{name}");
    }
}

#[test]
fn the_series_of_the_rest_is_there_only_where_it_is_needed() {
    let registry = Registry::with_limit(None, 2);
    registry.series(&Key::new(["one"])).enter();
    assert_eq!(registry.all().len(), 1);
    registry.series(&Key::new(["two"])).enter();
    registry.series(&Key::new(["three"])).enter();
    let active: Vec<u64> = registry
        .all()
        .iter()
        .map(|series| series.active())
        .collect();
    assert_eq!(active, [1, 1, 1]);
    registry.series(&Key::new(["four"])).leave();
    assert_eq!(registry.all()[0].active(), 0);
}
