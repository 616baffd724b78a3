//! Jaeger's `uber-trace-id` and `uberctx-*`, <https://www.jaegertracing.io/sdk-migration/#propagation-format>.

use super::errors::{Format, Reason, count};
use super::found::{Found, only};
use super::outgoing::Outgoing;
use super::percent::{decoded, encode, is_token};
use super::traceparent::trim;
use super::{Extract, Inject, hex};
use crate::baggage::{self, Reach};
use crate::id::{SpanId, TraceId};

const HEADER: &str = "uber-trace-id";
pub(super) const BAGGAGE: &str = "uberctx-";

const SAMPLED: u64 = 1;
const DEBUG: u64 = 2;
/// The longest that a valid header can be, each colon escaped.
const MAX_BYTES: usize = 32 + 16 + 16 + 4 + 3 * 3;

#[inline(never)]
pub(super) fn read(carrier: &dyn Extract, found: &mut Found<'_>) {
    let Some(header) = only(carrier, HEADER, Format::Jaeger).map(trim) else {
        return;
    };
    let parsed = match header.len() {
        0..=MAX_BYTES => parse(decoded(header).as_bytes()).ok_or(Reason::Malformed),
        _ => Err(Reason::TooLong),
    };
    match parsed {
        Ok((trace, span, flags)) => {
            found.set_deciding(trace, span, Some(flags & SAMPLED != 0));
            let debug = flags & SAMPLED != 0 && flags & DEBUG != 0;
            if debug {
                found.set_debug();
            }
        }
        Err(reason) => count(Format::Jaeger, reason),
    }
}

/// `{trace}:{span}:{parent}:{flags}`; leading zeros may be missing, the parent means nothing.
fn parse(header: &[u8]) -> Option<(TraceId, SpanId, u64)> {
    let mut parts = header.split(|&b| b == b':');
    let mut part = |max_digits| number(parts.next()?, max_digits);
    let (trace, span, _parent, flags) = (part(32)?, part(16)?, part(16)?, part(4)?);
    if parts.next().is_some() {
        return None;
    }
    let trace = TraceId([(trace >> 64) as u64, trace as u64]);
    let (span, flags) = (SpanId(span as u64), flags as u64);
    (trace.is_valid() && span.is_valid()).then_some((trace, span, flags))
}

fn number(digits: &[u8], max: usize) -> Option<u128> {
    if !(1..=max).contains(&digits.len()) {
        return None;
    }
    digits.iter().try_fold(0, |n, &digit| {
        Some((n << 4) | u128::from(hex::digit(digit)?))
    })
}

#[inline(never)]
pub(super) fn read_baggage(carrier: &dyn Extract, found: &mut Found<'_>) {
    carrier.for_each(&mut |name, value| {
        if found.has_too_many() {
            return;
        }
        let Some(key) = strip_prefix(name, BAGGAGE) else {
            return;
        };
        if !found.takes_another(Format::Jaeger) {
            return;
        }
        let value = trim(value);
        // There is no room for it even if each byte of it is escaped.
        if value.len() > 3 * baggage::MAX_BYTES || key.len() > baggage::MAX_BYTES {
            return count(Format::Jaeger, Reason::TooLong);
        }
        // Names of headers have no case.
        let (key, value) = (key.to_ascii_lowercase(), decoded(value));
        found.add_member(Format::Jaeger, &key, &value, Reach::All);
    });
}

/// Prefixes compare without case.
pub(super) fn strip_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, key) = name.split_at_checked(prefix.len())?;
    (head.eq_ignore_ascii_case(prefix) && !key.is_empty()).then_some(key)
}

#[inline(never)]
pub(super) fn write(outgoing: &Outgoing, carrier: &mut dyn Inject) {
    let flags = match outgoing.sampled {
        _ if outgoing.is_debug() => SAMPLED | DEBUG,
        Some(true) => SAMPLED,
        Some(false) | None => 0,
    };
    let TraceId([high, low]) = outgoing.trace;
    let span = outgoing.span;
    let header = match high {
        0 => format!("{low:016x}:{span}:0:{flags:x}"),
        _ => format!("{high:016x}{low:016x}:{span}:0:{flags:x}"),
    };
    carrier.set(HEADER, &header);
}

#[inline(never)]
pub(super) fn write_baggage(outgoing: &Outgoing, carrier: &mut dyn Inject) {
    let members = outgoing
        .baggage()
        .into_iter()
        .flat_map(|baggage| baggage.iter());
    for member in members.filter(|member| member.reach == Reach::All) {
        if !is_token(member.key.as_bytes()) {
            count(Format::Jaeger, Reason::Unwritable);
            continue;
        }
        let mut value = String::new();
        encode(member.value, &mut value);
        carrier.set(
            &format!("{BAGGAGE}{}", member.key.to_ascii_lowercase()),
            &value,
        );
    }
}
