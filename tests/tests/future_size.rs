//! What an annotation adds to a future: at most 64 bytes, whatever the parameters; and nothing to its type's traits.
#![deny(warnings)]
#![allow(
    missing_docs,
    clippy::large_futures,
    clippy::manual_async_fn,
    reason = "tests"
)]

use std::cell::Cell;
use std::panic::UnwindSafe;
use std::rc::Rc;

use tracer_runtime::traced;

async fn pause() {
    tokio::task::yield_now().await;
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

twice! {
    pub(super) struct Large(pub(super) [u8; 300]);

    impl Large {
        pub(super) async fn by_value(self) -> usize {
            pause().await;
            self.0.len()
        }

        pub(super) async fn by_reference(&self) -> usize {
            pause().await;
            self.0.len()
        }
    }

    pub(super) async fn nothing() {}

    pub(super) async fn byte(n: u8) -> u8 {
        n
    }

    pub(super) async fn aligned(n: u128, text: &str) -> Result<u128, String> {
        pause().await;
        Ok(n + text.len() as u128)
    }

    pub(super) async fn unused(_: [u8; 300], _text: &str, _large: Large) {
        pause().await;
    }

    pub(super) async fn mutable(mut bytes: [u8; 300]) -> [u8; 300] {
        pause().await;
        bytes[0] = 1;
        bytes
    }

    pub(super) async fn patterns((a, b): (Large, [u8; 300]), [c, ..]: [u64; 40]) -> usize {
        pause().await;
        a.0.len() + b.len() + usize::from(c > 0)
    }

    pub(super) async fn array(bytes: [u8; 300]) -> Result<usize, String> {
        pause().await;
        Ok(bytes.len())
    }

    pub(super) async fn string_and_array(text: String, mut bytes: [u8; 300], _: Vec<u8>) -> usize {
        bytes[0] = 1;
        pause().await;
        text.len() + bytes.len()
    }

    pub(super) async fn boxed_array(bytes: Box<[u8; 300]>, n: u64) -> Result<u64, std::fmt::Error> {
        pause().await;
        Ok(n + bytes.len() as u64)
    }

    pub(super) async fn generic<T: Clone>(value: T) -> (T, T) {
        pause().await;
        (value.clone(), value)
    }

    #[must_use]
    pub(super) async fn important_array(bytes: [u8; 300]) -> usize {
        pause().await;
        bytes.len()
    }

    #[must_use]
    pub(super) async fn important_mutable(mut bytes: [u8; 300], n: u64, text: &str) -> usize {
        bytes[0] = 1;
        pause().await;
        bytes.len() + text.len() + usize::from(n > 0)
    }

    #[must_use]
    pub(super) async fn important_unused(_bytes: [u8; 300], _n: u64) -> u64 {
        pause().await;
        1
    }

    #[must_use]
    pub(super) async fn important_nothing() {}

    #[must_use]
    pub(super) async fn important_text(text: String) -> usize {
        pause().await;
        text.len()
    }

    #[must_use]
    pub(super) async fn important_large(large: Large) -> usize {
        pause().await;
        large.0.len()
    }

    pub(super) fn returned(large: Large) -> impl Future<Output = Result<usize, ()>> {
        async move {
            pause().await;
            Ok(large.0.len())
        }
    }
}

macro_rules! compare {
    ($($call:expr, $of:ident => $m:ident;)*) => {$(
        let annotated_size = {
            use annotated as $m;
            size_of_val(&$call)
        };
        let bare_size = {
            use bare as $m;
            size_of_val(&$call)
        };
        assert!(
            annotated_size <= bare_size + 64,
            "{}: {bare_size} -> {annotated_size}",
            stringify!($of),
        );
    )*};
}

#[test]
fn a_future_grows_by_64_bytes_at_most() {
    compare! {
        m::nothing(), nothing => m;
        m::byte(1), byte => m;
        m::aligned(1, ""), aligned => m;
        m::unused([0; 300], "", m::Large([0; 300])), unused => m;
        m::mutable([0; 300]), mutable => m;
        m::patterns((m::Large([0; 300]), [0; 300]), [0; 40]), patterns => m;
        m::Large([0; 300]).by_value(), by_value => m;
        m::Large([0; 300]).by_reference(), by_reference => m;
        m::array([0; 300]), array => m;
        m::string_and_array(String::new(), [0; 300], vec![]), string_and_array => m;
        m::boxed_array(Box::new([0; 300]), 1), boxed_array => m;
        m::generic([0_u8; 300]), generic => m;
        m::returned(m::Large([0; 300])), returned => m;
        m::important_array([0; 300]), important_array => m;
        m::important_mutable([0; 300], 1, ""), important_mutable => m;
        m::important_unused([0; 300], 1), important_unused => m;
    }
}

#[test]
fn an_async_fn_that_stays_one_holds_what_it_owns_once_more() {
    let large = || annotated::Large([0; 300]);
    let grown = [
        (
            size_of_val(&bare::important_nothing()),
            size_of_val(&annotated::important_nothing()),
        ),
        (
            size_of_val(&bare::important_text(String::new())) + size_of::<String>(),
            size_of_val(&annotated::important_text(String::new())),
        ),
        (
            size_of_val(&bare::important_large(bare::Large([0; 300]))) + size_of_val(&large()),
            size_of_val(&annotated::important_large(large())),
        ),
    ];
    for (bare, annotated) in grown {
        assert!(annotated <= bare + 72, "{bare} -> {annotated}");
    }
}

#[traced(args(bytes), fields(len = bytes.len()), err(Debug), ret)]
async fn with_arguments(bytes: [u8; 300]) -> Result<usize, String> {
    pause().await;
    Ok(bytes.len())
}

#[test]
fn arguments_add_nothing() {
    let bare = size_of_val(&bare::array([0; 300]));
    assert!(size_of_val(&with_arguments([0; 300])) <= bare + 64);
}

#[traced]
async fn not_send(cell: Rc<Cell<u32>>) -> Result<u32, String> {
    pause().await;
    Ok(cell.get())
}

#[traced]
async fn unused_pointer(_pointer: *const u8) {
    pause().await;
}

#[traced]
async fn unused_reference(_cell: &Cell<u8>) -> Result<(), String> {
    Ok(())
}

/// `Send`, `Sync` and `UnwindSafe` are those of the body.
#[test]
fn auto_traits_are_those_of_the_body() {
    trait NotSend<Marker> {
        fn is_send(&self) {}
    }
    impl<T: ?Sized> NotSend<()> for T {}
    struct IsSend;
    impl<T: ?Sized + Send> NotSend<IsSend> for T {}
    // Ambiguous, hence an error, if the future were `Send`.
    not_send(Rc::default()).is_send();

    // Held by the future of an `async fn`, though nothing uses it.
    unused_pointer(std::ptr::null()).is_send();
    unused_reference(&Cell::new(1)).is_send();

    fn is_send_and_sync<T: Send + Sync>(_: &T) {}
    is_send_and_sync(&annotated::array([0; 300]));
    is_send_and_sync(&annotated::generic(1));

    #[traced]
    async fn unwind_safe(n: u32) -> u32 {
        n
    }
    fn is_unwind_safe<T: UnwindSafe>(_: &T) {}
    is_unwind_safe(&unwind_safe(1));

    fn is_static<T: 'static>(_: &T) {}
    is_static(&annotated::string_and_array(
        String::new(),
        [0; 300],
        vec![],
    ));
}
