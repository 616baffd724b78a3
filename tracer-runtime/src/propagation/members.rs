//! The headers that are members of something, collected in one look at the carrier for all formats that have such: a
//! carrier of many headers is not walked through once a format.

use super::jaeger::{BAGGAGE, strip_prefix};
use super::kitex::{self, CALLER};
use super::kratos::{self, SERVICE_NAME};
use super::{Extract, Propagator};
use crate::baggage::MAX_MEMBERS;

/// More than these of a kind are not looked at by anybody; the last one shows that there are too many.
const MOST: usize = MAX_MEMBERS + 1;

/// A carrier of these headers alone.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    headers: Vec<(&'a str, &'a [u8])>,
}

/// What is limited apart from the others.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Jaeger,
    Kitex,
    KitexCaller,
    Kratos,
    KratosCaller,
}

impl<'a> Members<'a> {
    #[inline(never)]
    pub(super) fn of(carrier: &'a dyn Extract) -> Self {
        let mut members = Self::default();
        let mut seen = [0; 5];
        carrier.for_each(&mut |name, value| {
            let Some(kind) = kind(name, &seen) else {
                return;
            };
            let seen = &mut seen[kind as usize];
            if *seen < MOST {
                *seen += 1;
                members.headers.push((name, value));
            }
        });
        members
    }
}

impl Extract for Members<'_> {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        for (name, value) in &self.headers {
            see(name, value);
        }
    }
}

/// By the first letter, which tells most headers of a request apart from these.
fn kind(name: &str, seen: &[usize; 5]) -> Option<Kind> {
    let is_full = |kind: Kind| seen[kind as usize] == MOST;
    match name.as_bytes() {
        [b'u' | b'U', ..] => strip_prefix(name, BAGGAGE).map(|_| Kind::Jaeger),
        [b'r' | b'R', ..] if is_full(Kind::Kitex) => None,
        [b'r' | b'R', ..] => kitex::key(name).map(|_| Kind::Kitex),
        [b's' | b'S', ..] => name
            .eq_ignore_ascii_case(CALLER)
            .then_some(Kind::KitexCaller),
        [b'x' | b'X', ..] if name.eq_ignore_ascii_case(SERVICE_NAME) => Some(Kind::KratosCaller),
        [b'x' | b'X', ..] => kratos::is_member(name).then_some(Kind::Kratos),
        _ => None,
    }
}

/// Whether several formats would look through the whole carrier.
pub(super) fn are_asked_for(formats: &[Propagator]) -> bool {
    formats
        .iter()
        .filter(|format| asks(format))
        .nth(1)
        .is_some()
}

const fn asks(format: &Propagator) -> bool {
    matches!(
        format,
        Propagator::Jaeger | Propagator::Kitex | Propagator::KitexTtheader | Propagator::Kratos
    )
}
