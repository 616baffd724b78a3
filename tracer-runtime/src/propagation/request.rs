//! Headers of HTTP, where most requests have a `traceparent` and nothing else of ours: that goes straight.

use http::{HeaderMap, HeaderValue};

use super::carrier_http::{NotIndexed, set_traceparent};
use super::errors::{Format, Reason, count};
use super::outgoing::Outgoing;
use super::propagators::Place;
use super::{Propagators, traceparent};
use crate::context::Remote;

/// [`inject`](super::inject) for a request over HTTP.
pub(crate) fn inject_request(headers: &mut HeaderMap) {
    Propagators::current().write_current(Place::Request(headers));
}

/// What a request takes along.
pub(super) fn write(propagators: &Propagators, outgoing: &Outgoing, headers: &mut HeaderMap) {
    if propagators.are_standard() && outgoing.is_valid() && outgoing.is_alone() {
        let text = traceparent::format(outgoing.trace, outgoing.span, outgoing.flags());
        set_traceparent(headers, &text);
    } else {
        propagators.write(outgoing, &mut NotIndexed(headers));
    }
}

/// [`extract`](super::extract) where the one `traceparent` is all that the default formats would find; `None` where those
/// of the process are others.
pub(crate) fn extract_alone(traceparent: &HeaderValue) -> Option<Option<Remote>> {
    if !Propagators::current().are_standard() {
        return None;
    }
    let parsed = traceparent::parse(traceparent.as_bytes());
    if parsed.is_none() {
        count(Format::TraceParent, Reason::Malformed);
    }
    Some(parsed.map(|(trace, span, flags)| Remote::new(trace, span, flags)))
}
