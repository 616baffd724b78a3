//! The 2021 edition, where opaque types capture less, temporaries live longer and `unsafe fn` bodies are unsafe; in a
//! crate with no other dependency.
#![deny(warnings)]
#![allow(
    missing_docs,
    unsafe_code,
    clippy::multiple_unsafe_ops_per_block,
    clippy::undocumented_unsafe_blocks,
    clippy::unwrap_used,
    reason = "tests"
)]

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tracer_runtime::testing::capture;
use tracer_runtime::traced;

fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits for nothing"),
    }
}

struct Named(String);

impl Named {
    #[traced]
    async fn borrowed<'a>(&'a self, other: &str) -> Result<&'a str, String> {
        if other.is_empty() {
            return Err("empty".to_owned());
        }
        Ok(&self.0)
    }

    #[traced]
    fn opaque(&self) -> impl Iterator<Item = char> + '_ {
        self.0.chars()
    }

    #[traced]
    fn works_first<'a>(&'a self) -> impl Future<Output = Result<usize, String>> + 'a {
        let n = self.0.len();
        async move { Ok(n + self.0.len()) }
    }

    #[traced]
    fn boxed<'a>(&'a self) -> Pin<Box<dyn Future<Output = Result<usize, String>> + Send + 'a>> {
        Box::pin(async move { Ok(self.0.len()) })
    }
}

#[traced]
unsafe fn dangerous(p: *const u32) -> u32 {
    *p
}

#[traced]
unsafe fn dangerous_result(p: *const u32) -> Result<u32, String> {
    if p.is_null() {
        return Err("null".to_owned());
    }
    Ok(*p)
}

#[traced]
async unsafe fn dangerous_later(p: *const u32) -> u32 {
    *p
}

#[test]
fn every_shape_compiles_and_runs() {
    let capture = capture();
    let named = Named("ab".to_owned());
    assert_eq!(ready(named.borrowed("x")).unwrap(), "ab");
    ready(named.borrowed("")).unwrap_err();
    assert_eq!(named.opaque().count(), 2);
    assert_eq!(ready(named.works_first()).unwrap(), 4);
    assert_eq!(ready(named.boxed()).unwrap(), 2);
    // SAFETY: it is given a reference.
    unsafe {
        assert_eq!(dangerous(&1), 1);
        dangerous_result(std::ptr::null()).unwrap_err();
        assert_eq!(ready(dangerous_later(&1)), 1);
    }
    assert_eq!(
        capture.tree(),
        "borrowed [ok]\nborrowed [error: empty]\nopaque [ok]\nworks_first [ok]\nboxed [ok]\ndangerous [ok]\n\
         dangerous_result [error: null]\ndangerous_later [ok]\n"
    );
}

thread_local! {
    static LOG: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

struct Noisy(&'static str);

impl Noisy {
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl Drop for Noisy {
    fn drop(&mut self) {
        LOG.with_borrow_mut(|log| log.push(self.0));
    }
}

macro_rules! twice {
    ($($item:item)*) => {
        mod bare {
            use super::*;
            $($item)*
        }
        #[traced]
        mod annotated {
            use super::*;
            $($item)*
        }
    };
}

// The temporary of the last expression outlives the local, and not the parameter.
twice! {
    pub(super) fn number(_a: Noisy) -> usize {
        let _local = Noisy("local");
        Noisy("temporary").len()
    }

    pub(super) fn result(_a: Noisy) -> Result<usize, ()> {
        let _local = Noisy("local");
        Ok(Noisy("temporary").len())
    }

    pub(super) fn early(_a: Noisy, fail: bool) -> Result<usize, ()> {
        let _local = Noisy("local");
        if fail {
            return Err(());
        }
        Ok(Noisy("temporary").len())
    }

    pub(super) async fn later(_a: Noisy, _: Noisy) -> Result<usize, ()> {
        let _local = Noisy("local");
        Ok(Noisy("temporary").len())
    }
}

#[test]
fn temporaries_drop_by_the_rules_of_the_users_edition() {
    macro_rules! order {
        ($call:expr) => {{
            LOG.take();
            let _ = $call;
            LOG.take()
        }};
    }
    let a = || Noisy("a");
    assert_eq!(order!(bare::number(a())), ["local", "temporary", "a"]);
    assert_eq!(order!(annotated::number(a())), order!(bare::number(a())));
    assert_eq!(order!(annotated::result(a())), order!(bare::result(a())));
    assert_eq!(
        order!(annotated::early(a(), false)),
        order!(bare::early(a(), false))
    );
    assert_eq!(
        order!(annotated::early(a(), true)),
        order!(bare::early(a(), true))
    );
    let b = || Noisy("b");
    assert_eq!(
        order!(ready(annotated::later(a(), b()))),
        order!(ready(bare::later(a(), b())))
    );
}
