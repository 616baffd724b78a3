//! Calls that a `tracing` subscriber may want, beside whoever else records them.

use super::state::Call;
use crate::callsite::{Callsite, Way};
use crate::mode;
use crate::subscriber::{self, Opened};

/// An asynchronous call with a span of a subscriber's, which is entered while its future is polled or dropped.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) call: Call,
    pub(super) opened: Opened,
}

impl Watched {
    /// Where the subscriber's span has brought other ids the call has them from now on.
    pub(super) fn settle(&mut self) {
        if let Some(renamed) = self.opened.renamed() {
            self.call.rename(renamed);
        }
    }
}

/// The way of a call that begins now; the callsite asks for it first where nobody has called it yet.
pub(super) fn way(site: &'static Callsite) -> Way {
    match site.way() {
        Way::New => {}
        known => return known,
    }
    subscriber::nobody_records();
    if !mode::is_off() {
        site.signals();
    }
    site.way()
}
