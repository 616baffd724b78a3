//! Ends a call by what its function returned: a value, or a future in which the call goes on.

use std::future::Future;
use std::pin::Pin;

use super::describe::Describe;
use super::future::{Traced, traced_at, traced_with};
use super::guard::Guard;
use super::start::Start;
use crate::callsite::{Callsite, SpanKind};
use crate::record::Failure;
use crate::rpc::identity::Identity;
use crate::rpc::traced::{CallGuard, TracedCall, traced_call};

/// A closure that describes.
#[derive(Clone, Copy)]
pub struct By<D>(D);

impl<D> std::fmt::Debug for By<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("By")
    }
}

impl<T: ?Sized, D> Describe<T> for By<D>
where
    D: Fn(&T, SpanKind) -> Option<Box<Failure>> + Copy,
{
    #[inline(always)]
    fn describe(self, value: &T, kind: SpanKind) -> Option<Box<Failure>> {
        (self.0)(value, kind)
    }
}

/// [`traced_with`] a closure: the bound is what tells the closure the type of its argument.
#[inline(always)]
pub fn traced_by<F, D>(site: &'static Callsite, future: F, describe: D) -> Traced<F, By<D>>
where
    F: Future,
    D: Fn(&F::Output, SpanKind) -> Option<Box<Failure>> + Copy,
{
    traced_with(site, future, By(describe))
}

/// [`traced_at`] with a closure.
#[inline(always)]
pub fn traced_at_by<F, D>(
    site: &'static Callsite,
    at: Start,
    future: F,
    describe: D,
) -> Traced<F, By<D>>
where
    F: Future,
    D: Fn(&F::Output, SpanKind) -> Option<Box<Failure>> + Copy,
{
    traced_at(site, at, future, By(describe))
}

/// Lets the call go on in a future of a type without a name.
#[inline(always)]
pub fn settle_future<F, D>(guard: &mut Guard, future: F, describe: D) -> Traced<F, By<D>>
where
    F: Future,
    D: Fn(&F::Output, SpanKind) -> Option<Box<Failure>> + Copy,
{
    guard.take().into_future(future, By(describe))
}

/// [`traced_call`] with a closure.
#[inline(always)]
pub fn traced_call_by<F, D>(
    site: &'static Callsite,
    at: Start,
    identity: Identity,
    future: F,
    describe: D,
) -> TracedCall<F, By<D>>
where
    F: Future,
    D: Fn(&F::Output, SpanKind) -> Option<Box<Failure>> + Copy,
{
    traced_call(site, at, identity, future, By(describe))
}

/// [`settle_future`] for a call between services.
#[inline(always)]
pub fn settle_call_future<F, D>(
    guard: &mut CallGuard,
    future: F,
    describe: D,
) -> Traced<TracedCall<F, By<D>>, By<D>>
where
    F: Future,
    D: Fn(&F::Output, SpanKind) -> Option<Box<Failure>> + Copy,
{
    guard.take().into_future(future, By(describe))
}

/// Tells the compiler what a future gives.
#[inline(always)]
pub fn output<T, F: Future<Output = T>>(future: F) -> F {
    future
}

/// Stands for a value of any type; never called.
///
/// # Panics
///
/// Always.
#[cold]
pub fn any<T>() -> T {
    unreachable!("it only tells the compiler a type")
}

/// Makes a closure that gives it up callable once.
#[derive(Debug)]
pub struct Once;

/// What a synchronous function returned.
#[derive(Debug)]
pub struct Returned<T>(pub T);

/// The call is over.
pub trait Settle {
    /// What the function returned.
    type Value;

    /// Ends the call.
    fn __traced_end<D: Describe<Self::Value>>(self, guard: &mut Guard, describe: D) -> Self::Value;

    /// [`Self::__traced_end`] with a closure: the bound is what tells the closure the type of its argument.
    fn __traced_settle<D>(self, guard: &mut Guard, describe: D) -> Self::Value
    where
        D: Fn(&Self::Value, SpanKind) -> Option<Box<Failure>> + Copy;

    /// [`Self::__traced_end`] of a call between services.
    fn __traced_end_call<D: Describe<Self::Value>>(
        self,
        guard: &mut CallGuard,
        describe: D,
    ) -> Self::Value;

    /// [`Self::__traced_settle`] of a call between services.
    fn __traced_settle_call<D>(self, guard: &mut CallGuard, describe: D) -> Self::Value
    where
        D: Fn(&Self::Value, SpanKind) -> Option<Box<Failure>> + Copy;
}

impl<T> Settle for Returned<T> {
    type Value = T;

    #[inline]
    fn __traced_end<D: Describe<T>>(self, guard: &mut Guard, describe: D) -> T {
        guard.finish_by(&self.0, describe);
        self.0
    }

    #[inline]
    fn __traced_settle<D>(self, guard: &mut Guard, describe: D) -> T
    where
        D: Fn(&T, SpanKind) -> Option<Box<Failure>> + Copy,
    {
        self.__traced_end(guard, By(describe))
    }

    fn __traced_end_call<D: Describe<T>>(self, guard: &mut CallGuard, describe: D) -> T {
        if guard.is_on() {
            let kind = guard.kind();
            guard.finish_with(describe.status(&self.0), describe.describe(&self.0, kind));
        }
        self.0
    }

    #[inline]
    fn __traced_settle_call<D>(self, guard: &mut CallGuard, describe: D) -> T
    where
        D: Fn(&T, SpanKind) -> Option<Box<Failure>> + Copy,
    {
        self.__traced_end_call(guard, By(describe))
    }
}

macro_rules! boxed_futures {
    ($($($marker:ident)*;)*) => {$(
        impl<'a, T: 'a> Returned<Pin<Box<dyn Future<Output = T> $(+ $marker)* + 'a>>> {
            /// Lets the call go on in the future.
            pub fn __traced_end<D>(
                self,
                guard: &mut Guard,
                describe: D,
            ) -> Pin<Box<dyn Future<Output = T> $(+ $marker)* + 'a>>
            where
                D: Describe<T> $(+ $marker)* + 'a,
            {
                if !guard.is_on() {
                    return self.0;
                }
                Box::pin(guard.take().into_future(self.0, describe))
            }

            /// The same for a call between services.
            pub fn __traced_end_call<D>(
                self,
                guard: &mut CallGuard,
                describe: D,
            ) -> Pin<Box<dyn Future<Output = T> $(+ $marker)* + 'a>>
            where
                D: Describe<T> $(+ $marker)* + 'a,
            {
                if !guard.is_on() {
                    return self.0;
                }
                Box::pin(guard.take().into_future(self.0, describe))
            }

            /// The same with a closure.
            #[inline]
            pub fn __traced_settle_call<D>(
                self,
                guard: &mut CallGuard,
                describe: D,
            ) -> Pin<Box<dyn Future<Output = T> $(+ $marker)* + 'a>>
            where
                D: Fn(&T, SpanKind) -> Option<Box<Failure>> + Copy $(+ $marker)* + 'a,
            {
                self.__traced_end_call(guard, By(describe))
            }

            /// [`Self::__traced_end`] with a closure.
            #[inline]
            pub fn __traced_settle<D>(
                self,
                guard: &mut Guard,
                describe: D,
            ) -> Pin<Box<dyn Future<Output = T> $(+ $marker)* + 'a>>
            where
                D: Fn(&T, SpanKind) -> Option<Box<Failure>> + Copy $(+ $marker)* + 'a,
            {
                self.__traced_end(guard, By(describe))
            }
        }
    )*};
}
boxed_futures! {
    ;
    Send;
    Sync;
    Unpin;
    Send Sync;
    Send Unpin;
    Sync Unpin;
    Send Sync Unpin;
}

/// The type `!`, which cannot be written in every place yet.
pub type Never = <fn() -> ! as ReturnOf>::Value;

/// What a function pointer returns.
pub trait ReturnOf {
    /// That.
    type Value;
}

impl<T> ReturnOf for fn() -> T {
    type Value = T;
}
