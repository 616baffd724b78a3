//! Thirty functions, one of each shape. Every attribute of ours has a line of its own, so that a copy without them has
//! the same line numbers.
#![allow(dead_code, unused_imports, clippy::all)]

use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::Pin;

use tracer_runtime::traced;

#[traced]
#[unsafe(no_mangle)]
pub fn f01_unit() {
    std::hint::black_box(1);
}

#[traced(args(a, b))]
#[unsafe(no_mangle)]
pub fn f02_arguments(a: u64, b: u64) -> u64 {
    a.wrapping_mul(b)
}

#[traced(err(Debug), ret)]
#[unsafe(no_mangle)]
pub fn f03_result(text: &str) -> Result<u32, std::num::ParseIntError> {
    let n: u32 = text.parse()?;
    Ok(n + 1)
}

#[traced(metrics = off)]
#[unsafe(no_mangle)]
pub fn f04_option(n: Option<u32>) -> Option<u32> {
    Some(n? + 1)
}

#[traced(name = "early")]
#[unsafe(no_mangle)]
pub fn f05_early_return(n: u32) -> u32 {
    if n > 3 {
        return 7;
    }
    n * 2
}

#[traced]
#[unsafe(no_mangle)]
pub unsafe fn f06_unsafe(at: *const u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { *at }
}

#[traced]
#[unsafe(no_mangle)]
pub extern "C" fn f07_extern(n: u32) -> u32 {
    n.rotate_left(3)
}

#[traced]
fn generic<T: Display + Clone, const N: usize>(items: [T; N]) -> String
where
    T: Debug,
{
    items.iter().map(ToString::to_string).collect()
}

#[unsafe(no_mangle)]
pub fn f08_generic(items: [u32; 3]) -> String {
    generic(items)
}

#[traced(args(*), skip(other))]
#[unsafe(no_mangle)]
pub fn f09_borrowed<'a>(text: &'a str, other: &str) -> &'a str {
    &text[other.len()..]
}

#[traced]
#[unsafe(no_mangle)]
pub fn f10_borrowed_mut(items: &mut Vec<u32>) -> Option<&mut u32> {
    items.first_mut()
}

#[traced]
fn opaque(base: impl Fn(u32) -> u32) -> impl Iterator<Item = u32> {
    (base(0)..).take(3)
}

#[unsafe(no_mangle)]
pub fn f11_opaque() -> u32 {
    opaque(|n| n + 2).sum()
}

#[traced(fields(sum = a + b))]
#[unsafe(no_mangle)]
pub fn f12_destructured((a, mut b): (u32, u32), [c, ..]: [u32; 3]) -> u32 {
    b += a;
    b + c
}

#[traced]
#[unsafe(no_mangle)]
pub fn f13_dropped(_: String, kept: String) -> usize {
    kept.len()
}

#[traced]
#[unsafe(no_mangle)]
pub fn f14_loops(limit: u32) -> u32 {
    let mut sum = 0;
    'outer: for i in 0..limit {
        for j in 0..i {
            if j > 5 {
                continue 'outer;
            }
            sum += j;
        }
    }
    sum
}

#[traced]
#[unsafe(no_mangle)]
pub fn f15_recursive(n: u32) -> u32 {
    if n == 0 { 0 } else { f15_recursive(n - 1) ^ n }
}

#[traced]
#[unsafe(no_mangle)]
pub fn f16_never() -> ! {
    panic!("never returns")
}

#[traced]
#[track_caller]
#[unsafe(no_mangle)]
pub fn f17_track_caller() -> u32 {
    std::panic::Location::caller().line()
}

pub struct Store {
    items: Vec<u32>,
}

#[traced]
impl Store {
    #[unsafe(no_mangle)]
    pub fn f18_method(&self, at: usize) -> Option<u32> {
        self.items.get(at).copied()
    }

    #[traced(skip)]
    #[unsafe(no_mangle)]
    pub fn f19_skipped(&mut self, item: u32) {
        self.items.push(item);
    }

    #[traced("renamed", args(n))]
    #[unsafe(no_mangle)]
    pub fn f20_marked(self, n: usize) -> usize {
        self.items.len() + n
    }
}

pub trait Cost {
    fn cost(&self) -> u64;
}

#[traced]
impl Cost for Store {
    fn cost(&self) -> u64 {
        self.items.iter().map(|&n| u64::from(n)).sum()
    }
}

#[unsafe(no_mangle)]
pub fn f21_trait_method(store: &Store) -> u64 {
    store.cost()
}

#[traced]
mod inner {
    #[unsafe(no_mangle)]
    pub fn f22_in_module(n: u32) -> u32 {
        n / 3
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[traced]
async fn sleepy(n: u32) -> u32 {
    std::future::ready(n).await + 1
}

#[unsafe(no_mangle)]
pub fn f23_async(n: u32) -> Boxed<'static, u32> {
    Box::pin(sleepy(n))
}

#[traced(args(text), err(none))]
async fn fallible(text: String) -> Result<u32, std::num::ParseIntError> {
    std::future::ready(()).await;
    text.parse()
}

#[unsafe(no_mangle)]
pub fn f24_async_result(text: String) -> Boxed<'static, Result<u32, std::num::ParseIntError>> {
    Box::pin(fallible(text))
}

#[traced]
#[unsafe(no_mangle)]
pub fn f25_boxed_future<'a>(n: &'a u32) -> Boxed<'a, u32> {
    Box::pin(async move { *n })
}

#[traced]
fn works_first(n: u32) -> impl Future<Output = u32> + Send {
    let doubled = n * 2;
    async move { doubled }
}

#[unsafe(no_mangle)]
pub fn f26_works_first(n: u32) -> Boxed<'static, u32> {
    Box::pin(works_first(n))
}

#[traced(server)]
async fn handler(headers: std::collections::HashMap<String, String>) -> usize {
    headers.len()
}

#[unsafe(no_mangle)]
pub fn f27_server(headers: std::collections::HashMap<String, String>) -> Boxed<'static, usize> {
    Box::pin(handler(headers))
}

macro_rules! make {
    ($name:ident, $n:literal) => {
        #[traced]
        #[unsafe(no_mangle)]
        pub fn $name() -> u32 {
            $n
        }
    };
}
make!(f28_in_macro, 28);

#[traced(ok_if = is_even)]
#[unsafe(no_mangle)]
pub fn f29_ok_if(n: u32) -> u32 {
    n >> 1
}

fn is_even(n: &u32) -> bool {
    n % 2 == 0
}

#[traced(kind = client, level = "debug", root)]
#[unsafe(no_mangle)]
pub fn f30_moved(text: String) -> Box<dyn Display> {
    Box::new(text)
}
