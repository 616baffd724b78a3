//! W3C trace context in a carrier, <https://www.w3.org/TR/trace-context-2/>.

use super::errors::{Format, Reason, count};
use super::found::{Found, Parent, only};
use super::outgoing::Outgoing;
use super::{Extract, Inject, traceparent, tracestate};
use crate::context::{RANDOM, SAMPLED};

/// A malformed or repeated `traceparent` counts as none; a malformed `tracestate` is left out alone.
pub(super) fn read(carrier: &dyn Extract, found: &mut Found) {
    let Some(header) = only(carrier, traceparent::HEADER, Format::TraceParent) else {
        return;
    };
    let Some((trace, span, flags)) = traceparent::parse(header) else {
        count(Format::TraceParent, Reason::Malformed);
        return;
    };
    found.parent = Some(Parent {
        trace,
        span,
        sampled: Some(flags & SAMPLED != 0),
        random: flags & RANDOM != 0,
    });
    match tracestate::read(carrier) {
        Ok(state) => found.tracestate = state,
        Err(reason) => count(Format::TraceState, reason),
    }
}

pub(super) fn write(outgoing: &Outgoing, carrier: &mut dyn Inject) {
    let header = traceparent::format(outgoing.trace, outgoing.span, outgoing.flags());
    carrier.set(traceparent::HEADER, header.as_str());
    if let Some(state) = outgoing.tracestate() {
        carrier.set(tracestate::HEADER, state);
    }
}
