//! W3C trace context in a carrier, <https://www.w3.org/TR/trace-context-2/>.

use super::errors::{Format, Reason, count};
use super::found::{Found, Parent, only};
use super::outgoing::Outgoing;
use super::{Extract, Inject, traceparent, tracestate};

/// A malformed or repeated `traceparent` counts as none; a malformed `tracestate` is left out alone.
pub(super) fn read(carrier: &dyn Extract, found: &mut Found) {
    let Some(header) = only(carrier, traceparent::HEADER, Format::TraceParent) else {
        return;
    };
    let Some((trace, span, flags)) = traceparent::parse(header) else {
        return count(Format::TraceParent, Reason::Malformed);
    };
    found.parent = Some(Parent::new(trace, span, flags));
    tracestate::read(carrier, found);
}

#[inline(never)]
pub(super) fn write(outgoing: &Outgoing, carrier: &mut dyn Inject) {
    let header = traceparent::format(outgoing.trace, outgoing.span, outgoing.flags());
    carrier.set(traceparent::HEADER, header.as_str());
    if let Some(state) = outgoing.tracestate() {
        carrier.set(tracestate::HEADER, state);
    }
}
