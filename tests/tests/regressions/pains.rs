//! Pains in compiling.

use super::*;
use std::cell::RefCell;

#[test]
fn row_1_a_half_typed_body_expands() {
    let stderr = include_str!("../../ui/fail/body_half_typed.stderr");
    // Only what is half typed is wrong: the functions, their types and their neighbours are there.
    for other in ["cannot find", "no method", "not found"] {
        assert!(!stderr.contains(other), "{stderr}");
    }
}

async fn bare(bytes: [u8; 300]) -> usize {
    tokio::task::yield_now().await;
    bytes.len()
}

#[traced]
async fn wrapped(bytes: [u8; 300]) -> usize {
    tokio::task::yield_now().await;
    bytes.len()
}

#[test]
fn row_2_a_wrapper_adds_at_most_64_bytes() {
    assert!(size_of_val(&wrapped([0; 300])) <= size_of_val(&bare([0; 300])) + 64);
}

macro_rules! chain {
    ($last:ident) => {
        #[traced]
        async fn $last() -> Result<u32, String> {
            tokio::task::yield_now().await;
            Ok(1)
        }
    };
    ($first:ident $second:ident $($rest:ident)*) => {
        #[traced]
        async fn $first() -> Result<u32, String> {
            $second().await
        }
        chain!($second $($rest)*);
    };
}
chain!(a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12 a13 a14 a15 a16);

/// The chain is cut: what is behind the box does not count.
#[traced(boxed)]
async fn boxed() -> Result<u32, String> {
    a1().await
}
chain!(b1 b2 b3 b4 b5 b6 b7 b8 b9 b10 b11 b12 b13 b14);

#[traced]
async fn longer() -> Result<u32, String> {
    b1().await?;
    boxed().await
}

#[test]
fn row_3_chains_of_async_functions_compile() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    assert_eq!(block_on(is_send(a1())), Ok(1));
    assert_eq!(block_on(is_send(longer())), Ok(1));
}

#[traced]
async fn reassigned(mut text: &str) -> usize {
    let local = "local".to_owned();
    if text.is_empty() {
        text = &local;
    }
    tokio::task::yield_now().await;
    text.len()
}

#[test]
fn row_13_a_mut_parameter_may_borrow_a_local() {
    assert_eq!(block_on(reassigned("")), 5);
}

#[traced(ret, err)]
fn borrowed<'a>(items: &'a mut [String], name: &str) -> Result<&'a mut String, String> {
    for item in items.iter_mut() {
        if item == name {
            return Ok(item);
        }
    }
    Err(name.to_owned())
}

#[traced(ret, err)]
async fn borrowed_later<'a>(items: &'a mut [String], name: &str) -> Result<&'a mut String, String> {
    items
        .iter_mut()
        .find(|item| *item == name)
        .ok_or_else(|| name.to_owned())
}

#[test]
fn row_14_borrowed_results_compile() {
    let mut items = ["a".to_owned()];
    borrowed(&mut items, "a").unwrap().push('!');
    block_on(borrowed_later(&mut items, "a!"))
        .unwrap()
        .push('?');
    assert_eq!(items, ["a!?"]);
    borrowed(&mut items, "b").unwrap_err();
}

#[allow(
    clippy::type_complexity,
    reason = "what is coerced must be written out"
)]
#[traced]
fn boxed_closure(fail: bool) -> Result<Box<dyn Fn(&str) -> usize>, String> {
    if fail {
        Err("failed".to_owned())?;
    }
    Ok(Box::new(|text| text.len()))
}

#[traced]
async fn collected() -> Result<Vec<u8>, std::num::ParseIntError> {
    ["1", "2"].iter().map(|text| text.parse()).collect()
}

#[test]
fn row_15_inference_is_that_of_the_plain_function() {
    assert_eq!(boxed_closure(false).unwrap()("abc"), 3);
    assert_eq!(block_on(collected()).unwrap(), [1, 2]);
}

thread_local! {
    static DROPPED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

struct Noisy(&'static str);

impl Drop for Noisy {
    fn drop(&mut self) {
        DROPPED.with_borrow_mut(|dropped| dropped.push(self.0));
    }
}

#[traced]
async fn drops(_a: Noisy, _: Noisy, b: Noisy) -> usize {
    let _local = Noisy("local");
    tokio::task::yield_now().await;
    b.0.len()
}

#[test]
fn row_16_the_drop_order_stays() {
    block_on(drops(Noisy("a"), Noisy("_"), Noisy("b")));
    assert_eq!(DROPPED.take(), ["local", "b", "_", "a"]);
}

#[test]
fn row_17_lints_still_fire() {
    let stderr = include_str!("../../ui/fail/lints_still_fire.stderr");
    for lint in [
        "function `dead` is never used",
        "function `dead_later` is never used",
        "unused variable: `a`",
        "variable does not need to be mutable",
        "value assigned to `a` is never read",
        "unreachable expression",
        "unused return value of `important` that must be used",
        "unused output of future returned by `important_later` that must be used",
        "use of deprecated function `old`",
    ] {
        assert!(stderr.contains(lint), "{lint}");
    }
    assert!(!stderr.contains("| #[traced]\n   | ^"), "{stderr}");
}

mod silent {
    #![deny(warnings, clippy::all, clippy::pedantic, clippy::nursery)]

    use super::*;

    #[traced(args(*), fields(n = a + 1), ret)]
    pub(super) fn sync(a: u8, mut b: String, _c: String) -> Result<String, u8> {
        if a > 7 {
            return Err(a);
        }
        b.push('!');
        Ok(b)
    }

    #[traced(args(*), fields(n = a + 1), ret)]
    pub(super) async fn later(a: u8, mut b: String, _c: String) -> Result<String, u8> {
        tokio::task::yield_now().await;
        if a > 7 {
            return Err(a);
        }
        b.push('!');
        Ok(b)
    }
}

#[test]
fn row_18_lints_are_silent_on_the_expansion() {
    silent::sync(1, String::new(), String::new()).unwrap();
    block_on(silent::later(1, String::new(), String::new())).unwrap();
}

#[test]
fn row_19_errors_point_at_the_users_code() {
    let stderr = include_str!("../../ui/fail/body_mismatch_async.stderr");
    for place in ["11:5", "17:32", "19:20", "29:16", "31:5", "36:5"] {
        assert!(places(stderr).contains(&place), "{place} in {stderr}");
    }
}
