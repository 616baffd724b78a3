//! Which failures are worth another attempt, and when it is made.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#failures>

use std::time::Duration;

use prost::Message;
use tonic::Code;

use crate::id;

/// Whether the protocol allows to send the same data again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// After this long at least, where the server says so.
    Retry {
        not_before: Option<Duration>,
    },
    GiveUp,
    /// The receiver does not serve this signal at all.
    NotServed,
}

/// What a status of the server means for the data that were sent.
pub(super) fn judge(code: Code, details: &[u8]) -> Verdict {
    let not_before = retry_delay(details);
    match code {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => Verdict::Retry { not_before },
        // Only where the server says that it will recover.
        Code::ResourceExhausted if not_before.is_some() => Verdict::Retry { not_before },
        Code::Unimplemented => Verdict::NotServed,
        _ => Verdict::GiveUp,
    }
}

/// How often and how long the same data are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RetryPolicy {
    /// The first delay; each next one is twice as long.
    pub(super) initial: Duration,
    /// No delay of ours is longer.
    pub(super) max: Duration,
    /// No attempt starts later than this after the first; `None` is for ever.
    pub(super) total: Option<Duration>,
    /// Attempts in all.
    pub(super) attempts: u32,
}

impl RetryPolicy {
    pub(super) const DEFAULT: Self = Self {
        initial: Duration::from_millis(250),
        max: Duration::from_secs(5),
        total: Some(Duration::from_secs(30)),
        attempts: 16,
    };
}

/// The attempts to deliver one request.
#[derive(Debug)]
pub(super) struct Backoff {
    policy: RetryPolicy,
    next: Duration,
    attempts: u32,
    random: u64,
}

impl Backoff {
    pub(super) fn new(policy: RetryPolicy) -> Self {
        Self {
            policy,
            next: policy.initial,
            attempts: 1,
            random: id::seed(),
        }
    }

    /// How long to wait before the next attempt, where there is one; `elapsed` since the first one started.
    pub(super) fn delay(&mut self, elapsed: Duration, verdict: Verdict) -> Option<Duration> {
        let Verdict::Retry { not_before } = verdict else {
            return None;
        };
        if self.attempts >= self.policy.attempts {
            return None;
        }
        self.attempts += 1;
        let ours = self.jittered(self.next);
        self.next = (self.next * 2).min(self.policy.max);
        let delay = not_before.map_or(ours, |asked| asked.max(ours));
        match self.policy.total {
            Some(total) if elapsed + delay > total => None,
            _ => Some(delay),
        }
    }

    /// Between half and the whole of it: many clients must not come back at one moment.
    fn jittered(&mut self, delay: Duration) -> Duration {
        let (state, n) = id::next_random(self.random);
        self.random = state;
        let half = delay / 2;
        half + half.mul_f64(n as f64 / u64::MAX as f64)
    }
}

/// `google.rpc.Status`, as it comes in `grpc-status-details-bin`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    pub(super) retry_delay: Option<ProtoDuration>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ProtoDuration {
    #[prost(int64, tag = "1")]
    pub(super) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(super) nanos: i32,
}

/// The delay that the server asks for. Details that cannot be read say nothing.
fn retry_delay(details: &[u8]) -> Option<Duration> {
    let status = RpcStatus::decode(details).ok()?;
    let info = status
        .details
        .iter()
        .find(|any| any.type_url.ends_with("/google.rpc.RetryInfo"))?;
    let delay = RetryInfo::decode(info.value.as_slice()).ok()?.retry_delay?;
    let seconds = u64::try_from(delay.seconds).ok()?;
    let nanos = u32::try_from(delay.nanos).ok()?;
    Some(Duration::from_secs(seconds) + Duration::from_nanos(nanos.into()))
}

#[cfg(test)]
#[path = "retry_tests.rs"]
pub(super) mod tests;
