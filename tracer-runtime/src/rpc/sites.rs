//! Callsites of calls that no function stands for, by kind and name.

#[cfg(feature = "tower")]
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::callsite::{Callsite, SpanKind};

/// More names than that come from outside rather than from an interface definition.
const MAX_NAMES: usize = 2_000;

type Names = HashMap<&'static str, &'static Named>;

/// A callsite, and its name taken apart.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) site: Callsite,
    /// Package, service and method.
    #[cfg(feature = "tower")]
    pub(super) parts: Option<(&'static str, &'static str, &'static str)>,
}

static SERVERS: RwLock<Option<Names>> = RwLock::new(None);
static CLIENTS: RwLock<Option<Names>> = RwLock::new(None);

/// Names that a thread remembers.
#[cfg(feature = "tower")]
const RECENT_NAMES: usize = 64;

#[cfg(feature = "tower")]
thread_local! {
    static RECENT: [Cell<Option<&'static Named>>; RECENT_NAMES] =
        const { [const { Cell::new(None) }; RECENT_NAMES] };
}

/// For names beyond the limit, and before a name is known.
static SERVER: Callsite = unnamed("rpc").with_kind(SpanKind::Server);
static CLIENT: Callsite = unnamed("rpc").with_kind(SpanKind::Client);
static HTTP_SERVER: Callsite = unnamed("HTTP").with_kind(SpanKind::Server);
static HTTP_CLIENT: Callsite = unnamed("HTTP").with_kind(SpanKind::Client);
static GRPC_SERVER: Callsite = unnamed("grpc").with_kind(SpanKind::Server);
static GRPC_CLIENT: Callsite = unnamed("grpc").with_kind(SpanKind::Client);

const fn unnamed(name: &'static str) -> Callsite {
    Callsite::new(name, name, "rpc")
        .without_metrics()
        .synthetic()
}

/// The callsite of calls whose method is not known.
pub(super) fn of_system(kind: SpanKind, system: &str) -> &'static Callsite {
    match (system, kind) {
        ("grpc", SpanKind::Client) => &GRPC_CLIENT,
        ("grpc", _) => &GRPC_SERVER,
        ("http", SpanKind::Client) => &HTTP_CLIENT,
        ("http", _) => &HTTP_SERVER,
        (_, SpanKind::Client) => &CLIENT,
        _ => &SERVER,
    }
}

/// The callsite of a name that calls have had before.
pub(super) fn known(kind: SpanKind, name: &str) -> Option<&'static Callsite> {
    find(kind, name).map(|named| &named.site)
}

fn find(kind: SpanKind, name: &str) -> Option<&'static Named> {
    let names = list(kind).read().unwrap_or_else(PoisonError::into_inner);
    names.as_ref()?.get(name).copied()
}

/// [`known`], by what this thread remembers where it can.
#[cfg(feature = "tower")]
pub(super) fn remembered(kind: SpanKind, name: &str) -> Option<&'static Named> {
    let place = place(kind, name);
    let is_it = |named: &&Named| named.site.kind() == kind && named.site.name() == name;
    let named = RECENT.try_with(|recent| recent[place].get()).ok().flatten();
    named.filter(is_it).or_else(|| {
        let named = find(kind, name)?;
        let _ = RECENT.try_with(|recent| recent[place].set(Some(named)));
        Some(named)
    })
}

/// Where a thread remembers a name: by its length and its end, which is the method.
#[cfg(feature = "tower")]
fn place(kind: SpanKind, name: &str) -> usize {
    let end = name
        .as_bytes()
        .last_chunk()
        .map_or(0, |end| u64::from_le_bytes(*end));
    let word = end ^ (name.len() as u64) << 1 ^ u64::from(matches!(kind, SpanKind::Client));
    (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % RECENT_NAMES
}

/// The callsite of a name; `None` where there are too many already.
pub(super) fn named(kind: SpanKind, name: &str) -> Option<&'static Callsite> {
    known(kind, name).or_else(|| add(kind, name))
}

#[cold]
fn add(kind: SpanKind, name: &str) -> Option<&'static Callsite> {
    let mut names = list(kind).write().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(named) = names.get(name) {
        return Some(&named.site);
    }
    if names.len() == MAX_NAMES {
        return None;
    }
    let leaked: &'static str = Box::leak(name.to_owned().into_boxed_str());
    let named: &'static Named = Box::leak(Box::new(Named {
        site: unnamed(leaked).with_kind(kind),
        #[cfg(feature = "tower")]
        parts: super::info::parse_name(leaked),
    }));
    names.insert(leaked, named);
    Some(&named.site)
}

const fn list(kind: SpanKind) -> &'static RwLock<Option<Names>> {
    match kind {
        SpanKind::Client => &CLIENTS,
        _ => &SERVERS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_callsite_a_kind() {
        let server = named(SpanKind::Server, "sites.Test/One").expect("there is room");
        let again = named(SpanKind::Server, "sites.Test/One").expect("it is there");
        let client = named(SpanKind::Client, "sites.Test/One").expect("there is room");
        assert!(std::ptr::eq(server, again));
        assert!(!std::ptr::eq(server, client));
        assert_eq!(
            (client.name(), client.kind()),
            ("sites.Test/One", SpanKind::Client)
        );
        assert!(known(SpanKind::Server, "sites.Test/Two").is_none());
    }
}
