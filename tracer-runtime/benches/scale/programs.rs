//! Synchronous programs: on many threads, with many callsites, with calls deep inside each other.

use crate::cost::{Row, cpu_ns, cpu_of};
use std::hint::black_box;
use std::sync::Barrier;
use tracer_runtime::__private::{Callsite, Guard};
use tracer_runtime::traced;

/// Calls under one root.
const CHILDREN: u64 = 100;

#[inline(never)]
fn bare(i: u64) -> u64 {
    black_box(i) + 1
}

#[traced]
#[inline(never)]
fn child(i: u64) -> u64 {
    black_box(i) + 1
}

#[inline(never)]
fn bare_root() {
    black_box((0..CHILDREN).map(bare).sum::<u64>());
}

#[traced]
#[inline(never)]
pub(crate) fn root() {
    black_box((0..CHILDREN).map(child).sum::<u64>());
}

pub(crate) fn threads() -> Vec<Row> {
    const ROOTS: u64 = 64 * 300;
    let row = |threads| Row {
        scale: threads,
        spans: ROOTS * (CHILDREN + 1),
        bare: Box::new(move || on_threads(threads, ROOTS, bare_root)),
        traced: Box::new(move || on_threads(threads, ROOTS, root)),
    };
    [1, 2, 4, 16, 64].map(row).into()
}

/// CPU nanoseconds of so many roots in all, once every thread has begun.
fn on_threads(threads: usize, roots: u64, root: fn()) -> u64 {
    let steps = [(); 3].map(|()| Barrier::new(threads + 1));
    let [warm, begin, end] = &steps;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                (0..10).for_each(|_| root());
                warm.wait();
                begin.wait();
                (0..roots / threads as u64).for_each(|_| root());
                end.wait();
            });
        }
        warm.wait();
        let before = cpu_ns();
        begin.wait();
        end.wait();
        cpu_ns() - before
    })
}

/// Callsites as the macro makes them, without a function for each.
pub(crate) fn make_callsites(n: usize) -> &'static [Callsite] {
    let site = |i| {
        let name: &'static str = String::leak(format!("function_{i}"));
        Callsite::new(name, name, "scale::generated")
    };
    Vec::leak((0..n).map(site).collect())
}

/// What an annotated function does.
#[inline(never)]
pub(crate) fn call_at(site: &'static Callsite) {
    let mut guard = Guard::off();
    guard.enter(site);
    black_box(site);
    guard.finish();
}

#[inline(never)]
fn bare_call_at(site: &'static Callsite) {
    black_box(site);
}

pub(crate) fn callsites() -> Vec<Row> {
    const CALLS: u64 = 1_000_000;
    let sites = make_callsites(10_000);
    let order = shuffled(sites.len());
    let row = |n: usize| {
        // As many entries for one callsite as for all of them: reading the order costs the same.
        let order: Vec<_> = order.iter().map(|i| &sites[i % n]).collect();
        let order: &'static [&Callsite] = Vec::leak(order);
        Row {
            scale: n,
            spans: CALLS + CALLS / CHILDREN,
            bare: Box::new(|| cpu_of(|| in_order(order, CALLS, bare_children))),
            traced: Box::new(|| cpu_of(|| in_order(order, CALLS, traced_children))),
        }
    };
    [1, 100, 1_000, 10_000].map(row).into()
}

fn in_order(order: &[&'static Callsite], calls: u64, root: fn(&[&'static Callsite])) {
    let roots = order.chunks(CHILDREN as usize).cycle();
    roots.take((calls / CHILDREN) as usize).for_each(root);
}

#[inline(never)]
fn bare_children(sites: &[&'static Callsite]) {
    sites.iter().for_each(|site| bare_call_at(site));
}

#[traced]
#[inline(never)]
fn traced_children(sites: &[&'static Callsite]) {
    sites.iter().for_each(|site| call_at(site));
}

/// In an order that nothing prefetches, the same in each run.
fn shuffled(n: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..n).collect();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for i in (1..n).rev() {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        all.swap(i, random as usize % (i + 1));
    }
    all
}

/// Calls under one root, however deep: a trace is as long for each depth.
const DEPTHS: u64 = 1_000;

#[inline(never)]
fn bare_nest(depth: u64) -> u64 {
    if depth > 1 {
        bare_nest(depth - 1) + bare(depth)
    } else {
        bare(depth)
    }
}

/// Calls another function once the inner call has returned, as functions do: with or without spans, that overwrites
/// what the processor remembers of the returns to come.
#[traced]
#[inline(never)]
fn nest(depth: u64) -> u64 {
    if depth > 1 {
        nest(depth - 1) + bare(depth)
    } else {
        bare(depth)
    }
}

#[inline(never)]
fn bare_nests(depth: u64) {
    black_box((0..DEPTHS / depth).map(|_| bare_nest(depth)).sum::<u64>());
}

#[traced]
#[inline(never)]
fn nests(depth: u64) {
    black_box((0..DEPTHS / depth).map(|_| nest(depth)).sum::<u64>());
}

pub(crate) fn depths() -> Vec<Row> {
    const ROOTS: u64 = 1_000;
    let row = |depth| {
        let run = move |root: fn(u64)| cpu_of(|| (0..ROOTS).for_each(|_| root(depth)));
        Row {
            scale: depth as usize,
            spans: ROOTS * (DEPTHS + 1),
            bare: Box::new(move || run(bare_nests)),
            traced: Box::new(move || run(nests)),
        }
    };
    [1, 10, 100, 1_000].map(row).into()
}
