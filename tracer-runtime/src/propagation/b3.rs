//! B3, in one header or in several, <https://github.com/openzipkin/b3-propagation>.

use super::errors::{Format, Reason, count};
use super::found::{Found, only};
use super::outgoing::Outgoing;
use super::traceparent::trim;
use super::{Extract, Inject, hex};
use crate::id::{SpanId, TraceId};

const SINGLE: &str = "b3";
const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const IS_SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

/// What one of the two says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Said {
    ids: Option<(TraceId, SpanId)>,
    sampled: Option<bool>,
    debug: bool,
}

/// The single header comes before the others.
#[inline(never)]
pub(super) fn read(carrier: &dyn Extract, found: &mut Found<'_>) {
    let said = match only(carrier, SINGLE, Format::B3) {
        Some(header) => parse_single(trim(header)),
        None => read_several(carrier),
    };
    match said {
        Ok(None) => {}
        Ok(Some(said)) => {
            if said.debug {
                found.set_debug();
            }
            match said.ids {
                Some((trace, span)) => {
                    found.set_deciding(trace, span, said.sampled);
                }
                None => found.sampled = found.sampled.or(said.sampled),
            }
        }
        Err(reason) => count(Format::B3, reason),
    }
}

/// The longest that a valid single header can be.
const MAX_BYTES: usize = 32 + 1 + 16 + 1 + 1 + 1 + 16;

/// `{trace}-{span}[-{sampling}[-{parent}]]`, or `{sampling}` alone.
fn parse_single(header: &[u8]) -> Result<Option<Said>, Reason> {
    if header.len() > MAX_BYTES {
        return Err(Reason::TooLong);
    }
    let mut parts = header.splitn(5, |&b| b == b'-');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    let Some(span) = second else {
        let (sampled, debug) = sampling(first).ok_or(Reason::Malformed)?;
        return Ok(Some(Said {
            ids: None,
            sampled: Some(sampled),
            debug,
        }));
    };
    let (state, parent) = (parts.next(), parts.next());
    let parent_is_good = parent.is_none_or(|parent| hex::parse_16(parent).is_some());
    let decided = match state {
        Some(state) => Some(sampling(state).ok_or(Reason::Malformed)?),
        None => None,
    };
    if parts.next().is_some() || !parent_is_good {
        return Err(Reason::Malformed);
    }
    Ok(Some(Said {
        ids: Some(ids(first, span).ok_or(Reason::Malformed)?),
        sampled: decided.map(|(sampled, _)| sampled),
        debug: decided.is_some_and(|(_, debug)| debug),
    }))
}

/// Sampled, and debug.
const fn sampling(state: &[u8]) -> Option<(bool, bool)> {
    match state {
        b"0" => Some((false, false)),
        b"1" => Some((true, false)),
        b"d" => Some((true, true)),
        _ => None,
    }
}

/// Trace ids of 64 bits are short ones.
fn ids(trace: &[u8], span: &[u8]) -> Option<(TraceId, SpanId)> {
    let trace = match trace.len() {
        16 => TraceId([0, hex::parse_16(trace)?]),
        32 => TraceId([hex::parse_16(&trace[..16])?, hex::parse_16(&trace[16..])?]),
        _ => return None,
    };
    let span = match span.len() {
        16 => SpanId(hex::parse_16(span)?),
        _ => return None,
    };
    (trace.is_valid() && span.is_valid()).then_some((trace, span))
}

fn read_several(carrier: &dyn Extract) -> Result<Option<Said>, Reason> {
    let one = |name| only(carrier, name, Format::B3).map(trim);
    let (trace, span) = (one(TRACE_ID), one(SPAN_ID));
    let debug = one(FLAGS) == Some(b"1");
    let sampled = match one(IS_SAMPLED) {
        _ if debug => Some(true),
        None => None,
        // The words are from before the specification.
        Some(b"1" | b"true") => Some(true),
        Some(b"0" | b"false") => Some(false),
        Some(_) => return Err(Reason::Malformed),
    };
    let ids = match (trace, span) {
        (None, None) if sampled.is_none() => return Ok(None),
        (None, None) => None,
        (Some(trace), Some(span)) => Some(ids(trace, span).ok_or(Reason::Malformed)?),
        _ => return Err(Reason::Malformed),
    };
    Ok(Some(Said {
        ids,
        sampled,
        debug,
    }))
}

/// The ids as they are written, on the stack.
struct Text {
    bytes: [u8; 32 + 1 + 16 + 2],
    len: usize,
}

impl Text {
    const fn new() -> Self {
        Self {
            bytes: [0; 51],
            len: 0,
        }
    }

    fn put(mut self, bytes: &[u8]) -> Self {
        if let Some(place) = self.bytes.get_mut(self.len..self.len + bytes.len()) {
            place.copy_from_slice(bytes);
            self.len += bytes.len();
        }
        self
    }

    fn put_16(self, n: u64) -> Self {
        let mut digits = [0; 16];
        hex::write_16(n, &mut digits);
        self.put(&digits)
    }

    fn put_trace(self, trace: TraceId) -> Self {
        match trace.0 {
            [0, low] => self.put_16(low),
            [high, low] => self.put_16(high).put_16(low),
        }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

#[inline(never)]
pub(super) fn write_single(outgoing: &Outgoing, carrier: &mut dyn Inject) {
    let state: &[u8] = match outgoing.sampled {
        _ if outgoing.is_debug() => b"-d",
        Some(true) => b"-1",
        Some(false) => b"-0",
        None => b"",
    };
    if outgoing.is_valid() {
        let ids = Text::new()
            .put_trace(outgoing.trace)
            .put(b"-")
            .put_16(outgoing.span.0);
        carrier.set(SINGLE, ids.put(state).as_str());
    } else if let [_, state @ ..] = state {
        carrier.set(SINGLE, std::str::from_utf8(state).unwrap_or_default());
    }
}

#[inline(never)]
pub(super) fn write_several(outgoing: &Outgoing, carrier: &mut dyn Inject) {
    if outgoing.is_valid() {
        carrier.set(TRACE_ID, Text::new().put_trace(outgoing.trace).as_str());
        carrier.set(SPAN_ID, Text::new().put_16(outgoing.span.0).as_str());
    }
    match outgoing.sampled {
        // Implies the decision, which is not to be sent beside it.
        _ if outgoing.is_debug() => carrier.set(FLAGS, "1"),
        Some(true) => carrier.set(IS_SAMPLED, "1"),
        Some(false) => carrier.set(IS_SAMPLED, "0"),
        None => {}
    }
}
