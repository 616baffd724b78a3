//! The `tracestate` header, <https://www.w3.org/TR/trace-context-2/#tracestate-header>: checked and passed on as it
//! came. Members with the same key are too: who wrote them knows what they mean.

use super::Extract;
use super::errors::{self, Format, Reason};
use super::found::Found;
use super::joined::Joined;
use super::traceparent::trim;

pub(super) const HEADER: &str = "tracestate";

const MAX_MEMBERS: usize = 32;
const MAX_KEY_BYTES: usize = 256;
const MAX_VALUE_BYTES: usize = 256;
/// All of them as long as they may be, with room for white space.
const MAX_BYTES: usize = 20_000;

/// Files the headers as one list; nothing when any member is malformed or there are too many.
#[inline]
pub(super) fn read(carrier: &dyn Extract, found: &mut Found) {
    let mut first = None;
    let mut is_alone = true;
    carrier.for_each_value(HEADER, &mut |header| {
        is_alone &= first.is_none();
        first = first.or(Some(header));
    });
    let Some(first) = first else {
        return;
    };
    let filed = match is_alone {
        true => read_one(trim(first), found),
        false => read_all(carrier, found),
    };
    if let Err(reason) = filed {
        errors::count(Format::TraceState, reason);
    }
}

fn read_one(header: &[u8], found: &mut Found) -> Result<(), Reason> {
    if header.len() >= MAX_BYTES {
        return Err(Reason::TooLong);
    }
    match count(header)? {
        0 => {}
        1..=MAX_MEMBERS => {
            found.set_tracestate(std::str::from_utf8(header).map_err(|_| Reason::NotText)?);
        }
        _ => return Err(Reason::TooMany),
    }
    Ok(())
}

fn read_all(carrier: &dyn Extract, found: &mut Found) -> Result<(), Reason> {
    let mut joined = Joined::new(MAX_BYTES);
    let mut members = Ok(0);
    carrier.for_each_value(HEADER, &mut |header| {
        let header = trim(header);
        if header.is_empty() {
            return;
        }
        members = members.and_then(|before| {
            joined.add(header)?;
            let members = before + count(header)?;
            if members > MAX_MEMBERS {
                return Err(Reason::TooMany);
            }
            Ok(members)
        });
    });
    if members? > 0
        && let Some(state) = joined.text()?
    {
        found.set_tracestate(state);
    }
    Ok(())
}

/// The members of a header, all of them well-formed.
fn count(header: &[u8]) -> Result<usize, Reason> {
    let mut members = 0;
    for member in header.split(|&b| b == b',').map(trim) {
        if member.is_empty() {
            continue;
        }
        let mut parts = member.splitn(2, |&b| b == b'=');
        let (key, value) = (parts.next(), parts.next());
        if !key.is_some_and(is_key) || !value.is_some_and(is_value) {
            return Err(Reason::Malformed);
        }
        members += 1;
    }
    Ok(members)
}

/// Level 2: a lower-case letter or digit, then letters, digits and `_-*/@`.
fn is_key(key: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let rest = |b: &u8| plain(b) || b"_-*/@".contains(b);
    key.len() <= MAX_KEY_BYTES && key.first().is_some_and(plain) && key.iter().all(rest)
}

/// Printable ASCII without `,` and `=`; the space at its end is none of it.
fn is_value(value: &[u8]) -> bool {
    let printable = |b: &u8| (0x20..=0x7e).contains(b) && *b != b',' && *b != b'=';
    (1..=MAX_VALUE_BYTES).contains(&value.len()) && value.iter().all(printable)
}
