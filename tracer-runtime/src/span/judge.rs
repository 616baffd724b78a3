//! Finds out by type how returned values are described, before there is a value.
//!
//! The macro writes, in a branch that is never taken, what [`super::probe`] would look at; all that is left of it is the
//! type that it gives. So functions that return the same type share all of the code, and each adds next to none.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use super::describe::Describe;
use super::probe::{Bad, Good, Nothing, Probe};
use crate::callsite::SpanKind;
use crate::record::Failure;
use crate::rpc::RpcStatus;

/// Describes as a `J` does.
#[derive(Debug, Clone, Copy)]
pub struct ByType<J>(pub PhantomData<J>);

impl<T, J: Describe<T> + Default> Describe<T> for ByType<J> {
    #[inline(always)]
    fn describe(self, value: &T, kind: SpanKind) -> Option<Box<Failure>> {
        J::default().describe(value, kind)
    }

    #[inline(always)]
    fn is_surely_ok(self, value: &T) -> bool {
        J::default().is_surely_ok(value)
    }

    fn status(self, value: &T) -> Option<RpcStatus> {
        J::default().status(value)
    }
}

/// Describes a `Result`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Either<S, E>(S, E);

impl<T, B, S: Describe<T>, E: Describe<B>> Describe<Result<T, B>> for Either<S, E> {
    #[inline(always)]
    fn describe(self, value: &Result<T, B>, kind: SpanKind) -> Option<Box<Failure>> {
        match value {
            Ok(good) => self.0.describe(good, kind),
            Err(bad) => self.1.describe(bad, kind),
        }
    }

    #[inline(always)]
    fn is_surely_ok(self, value: &Result<T, B>) -> bool {
        value.as_ref().is_ok_and(|good| self.0.is_surely_ok(good))
    }

    fn status(self, value: &Result<T, B>) -> Option<RpcStatus> {
        match value {
            Ok(good) => self.0.status(good),
            Err(bad) => self.1.status(bad),
        }
    }
}

const NEVER: &str = "it only tells the compiler a type";

impl<T> Probe<'_, T> {
    /// A value of this type; never called.
    ///
    /// # Panics
    ///
    /// Always.
    #[cold]
    #[must_use]
    pub fn of_type() -> Self {
        unreachable!("{NEVER}")
    }
}

/// Any type is judged by its own values.
pub trait JudgeItself<'a> {
    /// What is judged.
    type Judged;

    /// Never called.
    fn __traced_judged(self) -> Probe<'a, Self::Judged>;
}

impl<'a, T> JudgeItself<'a> for Probe<'a, T> {
    type Judged = T;

    fn __traced_judged(self) -> Self {
        self
    }
}

impl<'a, F: Future + ?Sized> Probe<'a, Pin<Box<F>>> {
    /// A boxed future is judged by what it gives; never called.
    #[must_use]
    pub fn __traced_judged(self) -> Probe<'a, F::Output> {
        Probe::of_type()
    }
}

impl<'a, T, E> Probe<'a, Result<T, E>> {
    /// What is in an `Ok`; never called.
    #[must_use]
    pub fn __traced_good(&self) -> Good<'a, T> {
        unreachable!("{NEVER}")
    }

    /// What is in an `Err`; never called.
    #[must_use]
    pub fn __traced_bad(&self) -> Bad<'a, E> {
        unreachable!("{NEVER}")
    }

    /// Both together; never called.
    pub fn __traced_judge<S, B>(&self, _good: S, _bad: B) -> ByType<Either<S, B>> {
        ByType(PhantomData)
    }
}

/// Any type but `Result` has no errors.
pub trait JudgeWhole<'a> {
    /// What can be good.
    type Value;

    /// Never called.
    fn __traced_good(&self) -> Good<'a, Self::Value>;
    /// Never called.
    fn __traced_bad(&self) -> Bad<'a, Nothing>;
    /// Never called.
    fn __traced_judge<S, B>(&self, good: S, bad: B) -> ByType<S>;
}

impl<'a, T> JudgeWhole<'a> for Probe<'a, T> {
    type Value = T;

    fn __traced_good(&self) -> Good<'a, T> {
        Good(self.0)
    }

    fn __traced_bad(&self) -> Bad<'a, Nothing> {
        unreachable!("{NEVER}")
    }

    fn __traced_judge<S, B>(&self, _good: S, _bad: B) -> ByType<S> {
        ByType(PhantomData)
    }
}
