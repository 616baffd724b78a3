//! Values that say themselves whether a call failed.

use crate::callsite::SpanKind;
use crate::record::Failure;
use crate::rpc::RpcStatus;

/// Decides the outcome of a call that returns a value of this type, or an `Err` of it.
///
/// Types of `http` and `tonic` decide by their status, with the features `axum` and `tonic`. Implement it for a type of
/// your own when its values can mean failure, or when not every error of it is one.
///
/// ```
/// use tracer_runtime::{Failure, Outcome, SpanKind};
///
/// enum Lookup {
///     Found(u32),
///     Missing,
///     Broken(String),
/// }
///
/// impl Outcome for Lookup {
///     fn failure(&self, _kind: SpanKind) -> Option<Failure> {
///         match self {
///             Lookup::Broken(why) => Some(Failure {
///                 error_type: "broken_lookup".into(),
///                 message: Some(why.clone()),
///                 ..Failure::default()
///             }),
///             Lookup::Found(_) | Lookup::Missing => None,
///         }
///     }
/// }
/// ```
pub trait Outcome {
    /// `None` is `ok`. Which statuses are failures can depend on the kind of the span.
    fn failure(&self, kind: SpanKind) -> Option<Failure>;

    /// The same where the value is in an `Err`.
    #[doc(hidden)]
    fn failure_in_err(&self, kind: SpanKind) -> Option<Failure> {
        self.failure(kind)
    }

    /// The status of the protocol, where the value has one.
    #[doc(hidden)]
    fn rpc_status(&self) -> Option<RpcStatus> {
        None
    }
}

/// <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status>
#[cfg(any(feature = "axum", feature = "tower"))]
mod http_types {
    use http::StatusCode;

    use super::Outcome;
    use crate::callsite::SpanKind;
    use crate::record::Failure;
    use crate::rpc::RpcStatus;

    fn failed(status: StatusCode) -> Failure {
        Failure {
            error_type: RpcStatus::Http(status.as_u16()).as_text(),
            ..Failure::default()
        }
    }

    impl Outcome for StatusCode {
        fn failure(&self, kind: SpanKind) -> Option<Failure> {
            let is_failure = RpcStatus::Http(self.as_u16()).is_error(kind);
            is_failure.then(|| failed(*self))
        }

        fn failure_in_err(&self, kind: SpanKind) -> Option<Failure> {
            match kind {
                SpanKind::Server | SpanKind::Client => self.failure(kind),
                _ => Some(failed(*self)),
            }
        }

        fn rpc_status(&self) -> Option<RpcStatus> {
            Some(RpcStatus::Http(self.as_u16()))
        }
    }

    impl<B> Outcome for http::Response<B> {
        fn failure(&self, kind: SpanKind) -> Option<Failure> {
            self.status().failure(kind)
        }

        fn failure_in_err(&self, kind: SpanKind) -> Option<Failure> {
            self.status().failure_in_err(kind)
        }

        fn rpc_status(&self) -> Option<RpcStatus> {
            self.status().rpc_status()
        }
    }

    macro_rules! tuples {
        ($($($rest:ident)*;)*) => {$(
            /// Decided by the status at its beginning.
            impl<$($rest),*> Outcome for (StatusCode, $($rest),*) {
                fn failure(&self, kind: SpanKind) -> Option<Failure> {
                    self.0.failure(kind)
                }

                fn failure_in_err(&self, kind: SpanKind) -> Option<Failure> {
                    self.0.failure_in_err(kind)
                }

                fn rpc_status(&self) -> Option<RpcStatus> {
                    self.0.rpc_status()
                }
            }
        )*};
    }
    tuples! {
        A;
        A B;
        A B C;
        A B C D;
        A B C D E;
        A B C D E F;
        A B C D E F G;
        A B C D E F G H;
    }
}

/// <https://opentelemetry.io/docs/specs/semconv/rpc/grpc/#error-status>
#[cfg(feature = "tonic")]
mod grpc_types {
    use tonic::Status;

    use super::Outcome;
    use crate::callsite::SpanKind;
    use crate::record::Failure;
    use crate::rpc::RpcStatus;
    use crate::span::inside::cut;

    impl Outcome for Status {
        fn failure(&self, kind: SpanKind) -> Option<Failure> {
            // Whoever is no server has asked for it, and sees every code.
            let side = match kind {
                SpanKind::Server => SpanKind::Server,
                _ => SpanKind::Client,
            };
            status_of(self).is_error(side).then(|| Failure {
                error_type: status_of(self).as_text(),
                message: Some(self.message())
                    .filter(|text| !text.is_empty())
                    .map(|text| cut(text.to_owned())),
                chain: Vec::new(),
            })
        }

        fn failure_in_err(&self, kind: SpanKind) -> Option<Failure> {
            self.failure(kind).or_else(|| {
                let plain = !matches!(kind, SpanKind::Server | SpanKind::Client);
                plain.then(|| Failure {
                    error_type: status_of(self).as_text(),
                    ..Failure::default()
                })
            })
        }

        fn rpc_status(&self) -> Option<RpcStatus> {
            Some(status_of(self))
        }
    }

    /// An answer that is no [`Status`] went well.
    impl<T> Outcome for tonic::Response<T> {
        fn failure(&self, _kind: SpanKind) -> Option<Failure> {
            None
        }

        fn rpc_status(&self) -> Option<RpcStatus> {
            Some(RpcStatus::Grpc(0))
        }
    }

    fn status_of(status: &Status) -> RpcStatus {
        RpcStatus::Grpc(status.code() as u8)
    }
}
