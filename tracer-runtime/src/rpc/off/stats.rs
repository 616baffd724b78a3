//! What has become of a call: there is none.

use std::convert::Infallible;
use std::time::Duration;

use super::info::never;
use crate::record::{CallOutcome, Failure};
use crate::rpc::event::{EventRecord, RpcEvent, StatsLevel};

/// There is no call: the feature `enable` is off.
#[derive(Debug)]
pub struct RpcStats(Infallible);

impl RpcStats {
    never! {
        fn level(&Self) -> StatsLevel;
        fn events(&Self) -> Vec<EventRecord>;
        fn dropped_events(&Self) -> u64;
        fn cost(&Self) -> Duration;
        fn send_size(&Self) -> u64;
        fn recv_size(&Self) -> u64;
        fn last_send_size(&Self) -> u64;
        fn last_recv_size(&Self) -> u64;
        fn messages_sent(&Self) -> u64;
        fn messages_received(&Self) -> u64;
        fn error(&Self) -> Option<&Failure>;
        fn panicked(&Self) -> bool;
        fn panic_message(&Self) -> Option<&str>;
        fn outcome(&Self) -> Option<CallOutcome>;
    }

    /// Never called: there is no call.
    #[must_use]
    pub fn event(&self, _event: impl Into<RpcEvent>) -> Option<EventRecord> {
        match self.0 {}
    }
}
