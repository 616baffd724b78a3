//! Return types without a name: what the compiler knows of them it knows from the place where they are returned.

use super::*;
use std::future::ready;

#[traced]
fn closure() -> impl Fn(&str) -> usize {
    |text| text.len()
}

#[traced]
fn closure_that_captures(factor: usize) -> impl Fn(&str) -> usize + Clone {
    if factor == 0 {
        todo!();
    }
    move |text| text.len() * factor
}

struct Prefix(String);

impl Prefix {
    #[traced]
    fn into_closure(self) -> impl Fn(&str) -> usize {
        move |text| self.0.len() + text.len()
    }
}

#[traced]
fn closure_in_a_pair(factor: usize) -> (impl Fn(&str) -> usize, u8) {
    (move |text| text.len() * factor, 1)
}

#[traced]
fn inferred_items() -> impl Iterator<Item = u64> {
    vec![].into_iter()
}

#[traced]
fn inferred_items_in_a_result() -> Result<impl Iterator<Item = u32>, String> {
    Ok(Vec::new().into_iter())
}

#[traced]
fn early(one: bool) -> impl Display {
    if one {
        return 1;
    }
    2
}

#[traced]
fn chosen_captures<'a>(a: &'a str, b: &str) -> impl Display + use<'a> {
    let _ = b;
    a
}

/// Our wrapper is no `Clone`: the call is the making of the future.
#[traced]
fn future_that_can_be_cloned(n: u32) -> impl Future<Output = Result<u32, String>> + Clone {
    let half = n / 2;
    ready(Err(half.to_string()))
}

#[traced]
fn future_with_auto_traits(
    n: u32,
) -> impl Future<Output = Result<u32, String>> + Send + Sync + Unpin + Debug {
    let half = n / 2;
    ready(Err(half.to_string()))
}

#[test]
fn are_what_they_are_without_the_attribute() {
    let ((), text) = run(async {
        assert_eq!(closure()("abc"), 3);
        assert_eq!(closure_that_captures(2).clone()("abc"), 6);
        assert_eq!(Prefix("p".to_owned()).into_closure()("abc"), 4);
        assert_eq!(closure_in_a_pair(2).0("abc"), 6);
        assert_eq!(inferred_items().count(), 0);
        assert_eq!(inferred_items_in_a_result().unwrap().count(), 0);
        assert_eq!(early(true).to_string(), "1");
        assert_eq!(chosen_captures("a", "b").to_string(), "a");
        let cloned = future_that_can_be_cloned(2).clone();
        cloned.await.unwrap_err();
        Pin::new(&mut future_with_auto_traits(2)).await.unwrap_err();
    });
    assert_eq!(
        text,
        "closure [ok]\nclosure_that_captures [ok]\ninto_closure [ok]\nclosure_in_a_pair [ok]\n\
         inferred_items [ok]\n\
         inferred_items_in_a_result [ok]\nearly [ok]\nchosen_captures [ok]\n\
         future_that_can_be_cloned [ok]\nfuture_with_auto_traits [error: 1]\n"
    );
}
