//! How a returned value says whether the call failed.

use crate::callsite::SpanKind;
use crate::record::Failure;
use crate::rpc::RpcStatus;

/// Decides the outcome of a call from the value that it returned.
pub trait Describe<T: ?Sized>: Copy {
    /// `None` is `ok`. Which statuses are errors depends on the span's kind.
    fn describe(self, value: &T, kind: SpanKind) -> Option<Box<Failure>>;

    /// Whether [`Self::describe`] need not be asked. What is not seen at a glance is not sure.
    #[inline(always)]
    fn is_surely_ok(self, value: &T) -> bool {
        let _ = value;
        false
    }

    /// The status of the protocol, where the value has one.
    fn status(self, value: &T) -> Option<RpcStatus> {
        let _ = value;
        None
    }
}

/// Every value is `ok`.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlwaysOk;

impl<T: ?Sized> Describe<T> for AlwaysOk {
    #[inline(always)]
    fn describe(self, _value: &T, _kind: SpanKind) -> Option<Box<Failure>> {
        None
    }

    #[inline(always)]
    fn is_surely_ok(self, _value: &T) -> bool {
        true
    }
}
