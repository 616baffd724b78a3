//! Finds out by type whether a returned value says that the call failed.
//!
//! The macro writes `Probe(&value).__traced_split()` and `(&&&&&&bad).__traced_error(kind)` where the types are concrete, and the
//! compiler picks: an inherent method before a trait method, a trait implemented for `&&T` before one for `&T`. So a
//! function with any return type compiles, and aliases count as what they stand for.

use std::any::type_name;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::ops::Deref;

use super::describe::{AlwaysOk, Describe};
use super::inside::{cut, failure_of, recording};
use super::outcome::Outcome;
use crate::callsite::SpanKind;
use crate::record::Failure;
use crate::rpc::RpcStatus;

/// A returned value.
#[derive(Debug)]
pub struct Probe<'a, T>(pub &'a T);

/// A value that is not in an `Err`.
#[derive(Debug)]
pub struct Good<'a, T>(pub &'a T);

/// A value in an `Err`.
#[derive(Debug)]
pub struct Bad<'a, E>(pub &'a E);

/// No value has it.
#[derive(Debug)]
pub enum Nothing {}

impl<'a, T, E> Probe<'a, Result<T, E>> {
    /// Takes a result apart.
    ///
    /// # Errors
    ///
    /// The error of the result.
    #[inline(always)]
    pub fn __traced_split(self) -> Result<Good<'a, T>, Bad<'a, E>> {
        match self.0 {
            Ok(value) => Ok(Good(value)),
            Err(error) => Err(Bad(error)),
        }
    }
}

/// Any other value is taken as it is.
pub trait Whole<'a> {
    /// The value.
    type Value;

    /// Never an error.
    ///
    /// # Errors
    ///
    /// Never.
    fn __traced_split(self) -> Result<Good<'a, Self::Value>, Bad<'a, Nothing>>;
}

impl<'a, T> Whole<'a> for Probe<'a, T> {
    type Value = T;

    #[inline(always)]
    fn __traced_split(self) -> Result<Good<'a, T>, Bad<'a, Nothing>> {
        Ok(Good(self.0))
    }
}

/// The value decides.
pub trait StatusByOutcome {
    /// What it says.
    fn __traced_status(&self, kind: SpanKind) -> Option<Box<Failure>>;
    /// The same of every value of the type.
    fn __traced_status_by(&self) -> ByOutcome;
}

/// Describes values that decide themselves.
#[derive(Debug, Clone, Copy, Default)]
pub struct ByOutcome;

impl<T: Outcome> Describe<T> for ByOutcome {
    #[inline]
    fn describe(self, value: &T, kind: SpanKind) -> Option<Box<Failure>> {
        value.failure(kind).map(Box::new)
    }

    fn status(self, value: &T) -> Option<RpcStatus> {
        value.rpc_status()
    }
}

impl<T: Outcome> StatusByOutcome for Good<'_, T> {
    #[inline]
    fn __traced_status(&self, kind: SpanKind) -> Option<Box<Failure>> {
        ByOutcome.describe(self.0, kind)
    }

    #[inline]
    fn __traced_status_by(&self) -> ByOutcome {
        ByOutcome
    }
}

/// The value says nothing.
pub trait StatusOk {
    /// `ok`.
    fn __traced_status(&self, kind: SpanKind) -> Option<Box<Failure>>;
    /// The same of every value of the type.
    fn __traced_status_by(&self) -> AlwaysOk;
}

impl<T> StatusOk for &Good<'_, T> {
    #[inline(always)]
    fn __traced_status(&self, _kind: SpanKind) -> Option<Box<Failure>> {
        None
    }

    #[inline]
    fn __traced_status_by(&self) -> AlwaysOk {
        AlwaysOk
    }
}

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident $by:ident [$($bound:tt)*] for [$($reference:tt)*] = $describe:expr
        $(, $status:expr)?;)*) => {$(
        $(#[$doc])*
        pub trait $name {
            /// What is recorded of the error.
            fn __traced_error(&self, kind: SpanKind) -> Option<Box<Failure>>;
            /// The same of every error of the type.
            fn __traced_error_by(&self) -> $by;
        }

        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $by;

        impl<E $($bound)*> Describe<E> for $by {
            #[cold]
            #[inline(never)]
            fn describe(self, error: &E, kind: SpanKind) -> Option<Box<Failure>> {
                let describe: fn(&E, SpanKind) -> Option<Failure> = $describe;
                describe(error, kind).map(Box::new)
            }

            $(fn status(self, error: &E) -> Option<RpcStatus> {
                let status: fn(&E) -> Option<RpcStatus> = $status;
                status(error)
            })?
        }

        impl<E $($bound)*> $name for $($reference)* Bad<'_, E> {
            #[inline]
            fn __traced_error(&self, kind: SpanKind) -> Option<Box<Failure>> {
                $by.describe(self.0, kind)
            }

            #[inline]
            fn __traced_error_by(&self) -> $by {
                $by
            }
        }
    )*};
}
errors! {
    /// The error decides itself.
    ErrorByOutcome ByErrOutcome [: Outcome] for [&&&&&] = |error, kind| error.failure_in_err(kind), Outcome::rpc_status;
    /// A standard error, whatever it borrows.
    ErrorByError ByError [: Error] for [&&&&] = |error, _| Some(of_error(error, type_name::<E>()));
    /// `Box<dyn Error>` and the like, which are no errors themselves.
    ErrorByDeref ByDeref [: Deref<Target: AsError>] for [&&&] =
        |error, _| Some(of_error(error.deref().as_error(), type_name::<E>()));
    /// An error that can be shown.
    ErrorByDisplay ByDisplay [: Display] for [&&] = |error, _| Some(of_text(&|| error.to_string(), type_name::<E>()));
    /// An error that can be debugged.
    ErrorByDebug ByDebug [: Debug] for [&] = |error, _| Some(of_text(&|| format!("{error:?}"), type_name::<E>()));
    /// An error of which only the type is known.
    ErrorByType ByType [] for [] = |_, _| Some(of_type(type_name::<E>()));
}

/// The trait objects of [`Error`].
pub trait AsError {
    /// Without the marker traits.
    fn as_error(&self) -> &dyn Error;
}

macro_rules! trait_objects {
    ($($object:ty),*) => {$(
        impl AsError for $object {
            fn as_error(&self) -> &dyn Error {
                self
            }
        }
    )*};
}
trait_objects!(
    dyn Error + 'static,
    dyn Error + Send + 'static,
    dyn Error + Send + Sync + 'static
);

fn of_error(error: &dyn Error, error_type: &'static str) -> Failure {
    if !recording() {
        return of_type(error_type);
    }
    Failure {
        error_type: error_type.into(),
        ..failure_of(error)
    }
}

fn of_text(text: &dyn Fn() -> String, error_type: &'static str) -> Failure {
    Failure {
        message: recording().then(|| cut(text())),
        ..of_type(error_type)
    }
}

fn of_type(error_type: &'static str) -> Failure {
    Failure {
        error_type: error_type.into(),
        ..Failure::default()
    }
}

/// A failure that only `ok_if` or `error_if` knows of.
///
/// <https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/>
#[cold]
pub fn or_other(failure: Option<Box<Failure>>) -> Option<Box<Failure>> {
    failure.or_else(|| Some(Box::new(of_type("_OTHER"))))
}

/// `err(none)`.
pub fn without_message(failure: Option<Box<Failure>>) -> Option<Box<Failure>> {
    failure.map(|mut failure| {
        failure.message = None;
        failure.chain.clear();
        failure
    })
}

/// `err(Debug)`, `err(Display)`.
pub fn with_message(
    failure: Option<Box<Failure>>,
    text: impl FnOnce() -> String,
) -> Option<Box<Failure>> {
    failure.map(|mut failure| {
        failure.message = recording().then(|| cut(text()));
        failure
    })
}

/// The message of `err(Debug)`.
pub fn debug_text(error: &(impl Debug + ?Sized)) -> String {
    format!("{error:?}")
}

/// The message of `err(Display)`.
pub fn display_text(error: &(impl Display + ?Sized)) -> String {
    error.to_string()
}
