//! The statuses of a call, and which of them mean that it has failed.

use std::borrow::Cow;

use crate::callsite::SpanKind;

/// The status that the protocol itself gave the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RpcStatus {
    /// A gRPC status code, 0 to 16.
    Grpc(u8),
    /// An HTTP status code.
    Http(u16),
}

/// A failure that the protocol knows nothing of: the call itself went well.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BizStatus {
    /// As the application numbers them.
    pub code: i32,
    /// What it says.
    pub message: String,
}

/// By code. <https://grpc.io/docs/guides/status-codes/>
const GRPC_NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// `CANCELLED`
pub(crate) const GRPC_CANCELLED: u8 = 1;
/// `UNKNOWN`
pub(crate) const GRPC_UNKNOWN: u8 = 2;
/// `UNIMPLEMENTED`
pub(crate) const GRPC_UNIMPLEMENTED: u8 = 12;

impl RpcStatus {
    /// `NOT_FOUND` or `404`: as spans and metrics have it.
    #[must_use]
    pub fn as_text(self) -> Cow<'static, str> {
        match self {
            Self::Grpc(code) => match GRPC_NAMES.get(usize::from(code)) {
                Some(name) => Cow::Borrowed(*name),
                None => Cow::Owned(code.to_string()),
            },
            Self::Http(code) => Cow::Owned(code.to_string()),
        }
    }

    /// Whether a call of this kind has failed.
    ///
    /// A gRPC client: every code but `OK`. A gRPC server: `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`,
    /// `UNAVAILABLE`, `DATA_LOSS`, and what is no code. HTTP: 5xx, and 4xx for a client.
    ///
    /// <https://opentelemetry.io/docs/specs/semconv/rpc/grpc/#error-status>,
    /// <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status>
    #[must_use]
    pub const fn is_error(self, kind: SpanKind) -> bool {
        let client = matches!(kind, SpanKind::Client);
        match self {
            Self::Grpc(code) if client => code != 0,
            Self::Grpc(code) => matches!(code, 2 | 4 | 12 | 13 | 14 | 15) || code > 16,
            Self::Http(code) => code >= 500 || (client && code >= 400),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_to_blame_for_six_codes_and_a_client_sees_all_of_them() {
        let blamed = |kind| {
            (0..=16)
                .filter(|&code| RpcStatus::Grpc(code).is_error(kind))
                .collect()
        };
        let server: Vec<u8> = blamed(SpanKind::Server);
        let client: Vec<u8> = blamed(SpanKind::Client);
        assert_eq!(server, [2, 4, 12, 13, 14, 15]);
        assert_eq!(client, (1..=16).collect::<Vec<u8>>());
    }

    #[test]
    fn what_the_client_did_wrong_is_an_error_for_the_client_only() {
        for (code, server, client) in [
            (200, false, false),
            (304, false, false),
            (404, false, true),
            (500, true, true),
        ] {
            let status = RpcStatus::Http(code);
            assert_eq!(status.is_error(SpanKind::Server), server, "{code}");
            assert_eq!(status.is_error(SpanKind::Client), client, "{code}");
        }
    }
}
