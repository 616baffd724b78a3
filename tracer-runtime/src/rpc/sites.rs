//! Callsites of calls that no function stands for, by kind and name.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::callsite::{Callsite, SpanKind};

/// More names than that come from outside rather than from an interface definition.
const MAX_NAMES: usize = 2_000;

type Names = HashMap<&'static str, &'static Named>;

/// A callsite, and its name taken apart.
#[derive(Debug)]
struct Named {
    site: Callsite,
    #[cfg(feature = "tower")]
    parts: Option<Parts>,
}

static SERVERS: RwLock<Option<Names>> = RwLock::new(None);
static CLIENTS: RwLock<Option<Names>> = RwLock::new(None);

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

/// Package, service and method of a name.
#[cfg(feature = "tower")]
pub(super) type Parts = (&'static str, &'static str, &'static str);

/// [`known`], and the name taken apart.
#[cfg(feature = "tower")]
pub(super) fn known_parts(kind: SpanKind, name: &str) -> Option<(&'static Callsite, Parts)> {
    let named = find(kind, name)?;
    Some((&named.site, named.parts?))
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
