//! The `baggage` header, <https://www.w3.org/TR/baggage/>.

use super::errors::{Format, Reason, count};
use super::found::Found;
use super::joined::Joined;
use super::outgoing::Outgoing;
use super::percent::{decoded, encode, is_baggage_octet, is_token};
use super::traceparent::trim;
use super::{Extract, Inject};
use crate::baggage::{Baggage, MAX_BYTES, MAX_MEMBERS, Member, Reach};

pub(super) const HEADER: &str = "baggage";

/// Takes the members that are well-formed, as long as there is room; the first of a key counts.
#[inline(never)]
pub(super) fn read(carrier: &dyn Extract, found: &mut Found<'_>) {
    let mut reading = Reading {
        joined: Joined::new(MAX_BYTES + 1),
        as_it_came: found.baggage.is_none(),
        room: MAX_MEMBERS,
    };
    carrier.for_each_value(HEADER, &mut |header| {
        let header = trim(header);
        if !header.is_empty() && reading.room > 0 {
            reading.read(header, found);
        }
    });
    if reading.as_it_came
        && let Some(baggage) = &mut found.baggage
        && let Ok(Some(text)) = reading.joined.text()
    {
        baggage.set_header(text);
    }
}

struct Reading<'a> {
    joined: Joined<'a>,
    /// Nothing has been left out.
    as_it_came: bool,
    /// Members that may still come, good or bad.
    room: usize,
}

impl<'a> Reading<'a> {
    fn read(&mut self, header: &'a [u8], found: &mut Found<'_>) {
        if self.joined.add(header).is_err() {
            return self.stop(Reason::TooLong);
        }
        for member in header.split(|&b| b == b',').map(trim) {
            if member.is_empty() {
                continue;
            }
            if self.room == 0 {
                return self.stop(Reason::TooMany);
            }
            self.room -= 1;
            match add(member, found) {
                Ok(()) => {}
                Err(Reason::TooLong) => return self.stop(Reason::TooLong),
                Err(reason) => self.leave_out(reason),
            }
        }
    }

    fn leave_out(&mut self, reason: Reason) {
        self.as_it_came = false;
        count(Format::Baggage, reason);
    }

    fn stop(&mut self, reason: Reason) {
        self.room = 0;
        self.leave_out(reason);
    }
}

fn add(member: &[u8], found: &mut Found<'_>) -> Result<(), Reason> {
    let (key, value, properties) = parse(member).ok_or(Reason::Malformed)?;
    let baggage = found.baggage.get_or_insert_default();
    if baggage.knows(key) {
        return Err(Reason::Repeated);
    }
    let value = decoded(value);
    let added = baggage.add(Member {
        key,
        value: &value,
        properties,
        reach: Reach::All,
    });
    if added { Ok(()) } else { Err(Reason::TooLong) }
}

/// Key, value and properties.
fn parse(member: &[u8]) -> Option<(&str, &[u8], &str)> {
    let equals = member.iter().position(|&b| b == b'=')?;
    let (key, rest) = (trim(&member[..equals]), &member[equals + 1..]);
    let end = rest.iter().position(|&b| b == b';').unwrap_or(rest.len());
    let (value, properties) = rest.split_at(end);
    let (value, properties) = (trim(value), trim(properties.get(1..).unwrap_or_default()));
    let good = is_token(key)
        && value.iter().all(|&b| is_baggage_octet(b))
        && properties.split(|&b| b == b';').all(is_property);
    if !good {
        return None;
    }
    let key = std::str::from_utf8(key).ok()?;
    Some((key, value, std::str::from_utf8(properties).ok()?))
}

/// A key, or a key and a value; nothing is one too, so that a semicolon too many does no harm.
fn is_property(property: &[u8]) -> bool {
    let property = trim(property);
    let mut parts = property.splitn(2, |&b| b == b'=');
    let key = trim(parts.next().unwrap_or_default());
    let value = trim(parts.next().unwrap_or_default());
    property.is_empty() || (is_token(key) && value.iter().all(|&b| is_baggage_octet(b)))
}

#[inline(never)]
pub(super) fn write(outgoing: &Outgoing, carrier: &mut dyn Inject) {
    let Some(baggage) = outgoing.baggage() else {
        return;
    };
    if let Some(header) = baggage.header() {
        carrier.set(HEADER, header);
        return;
    }
    let text = formatted(baggage);
    if !text.is_empty() {
        carrier.set(HEADER, &text);
    }
}

fn formatted(baggage: &Baggage) -> String {
    let mut text = String::new();
    for member in baggage.iter().filter(|member| member.reach == Reach::All) {
        let properties = member.properties.as_bytes();
        let good = is_token(member.key.as_bytes())
            && !properties.contains(&b',')
            && properties.split(|&b| b == b';').all(is_property);
        if !good {
            count(Format::Baggage, Reason::Unwritable);
            continue;
        }
        let before = text.len();
        if before > 0 {
            text.push(',');
        }
        text.push_str(member.key);
        text.push('=');
        encode(member.value, &mut text);
        if !properties.is_empty() {
            text.push(';');
            text.push_str(member.properties);
        }
        if text.len() > MAX_BYTES {
            text.truncate(before);
            count(Format::Baggage, Reason::TooLong);
        }
    }
    text
}
