//! What stands for the callsites of `tracing`: one of ours for each, and one for each name that a span gives itself.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use tracing_core::Metadata;

use super::database;
use super::trouble::{self, Trouble};
use crate::callsite::{Callsite, Level, SpanKind};

/// Names that spans give themselves. More come from data, not from code.
const MAX_NAMES: usize = 2_000;
/// Callsites that a thread remembers.
const RECENT: usize = 256;

/// A callsite of `tracing`.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) callsite: Callsite,
    /// Its fields are those of a call to a database.
    pub(super) of_database: bool,
}

type Sites = HashMap<usize, &'static Site>;
type Renamed = HashMap<(usize, SpanKind), HashMap<String, &'static Callsite>>;

static SITES: RwLock<Option<Sites>> = RwLock::new(None);
static RENAMED: RwLock<Option<Renamed>> = RwLock::new(None);

thread_local! {
    static REMEMBERED: [Cell<Option<(usize, &'static Site)>>; RECENT] =
        const { [const { Cell::new(None) }; RECENT] };
}

/// Ours for a callsite. Under [`Busy`](super::busy::Busy) only.
#[inline]
pub(super) fn of(metadata: &'static Metadata<'static>) -> &'static Site {
    let key = std::ptr::from_ref(metadata) as usize;
    let place = (key >> 4) % RECENT;
    REMEMBERED.with(|remembered| match remembered[place].get() {
        Some((known, site)) if known == key => site,
        _ => {
            let site = find(key, metadata);
            remembered[place].set(Some((key, site)));
            site
        }
    })
}

#[cold]
#[inline(never)]
fn find(key: usize, metadata: &'static Metadata<'static>) -> &'static Site {
    let known = SITES.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(site) = known.as_ref().and_then(|known| known.get(&key)) {
        return site;
    }
    drop(known);
    let mut sites = SITES.write().unwrap_or_else(PoisonError::into_inner);
    let sites = sites.get_or_insert_default();
    sites
        .entry(key)
        .or_insert_with(|| Box::leak(Box::new(Site::new(metadata))))
}

impl Site {
    fn new(metadata: &'static Metadata<'static>) -> Self {
        let name = metadata.name();
        let module = metadata.module_path().unwrap_or(metadata.target());
        let callsite = Callsite::new(name, name, module)
            .with_target(metadata.target())
            .with_level(level(*metadata.level()))
            .without_metrics()
            .without_subscriber();
        let of_database = database::is_call(metadata);
        let kind = match of_database {
            true => SpanKind::Client,
            false => SpanKind::Internal,
        };
        let callsite = match metadata.is_span() {
            true => callsite.with_kind(kind).of_tracing(place(metadata)),
            false => callsite.synthetic(),
        };
        Self {
            callsite,
            of_database,
        }
    }
}

fn place(metadata: &'static Metadata<'static>) -> Option<(&'static str, u32)> {
    metadata.file().zip(metadata.line())
}

/// As ours has it.
pub(super) fn level(level: tracing_core::Level) -> Level {
    match level {
        tracing_core::Level::TRACE => Level::Trace,
        tracing_core::Level::DEBUG => Level::Debug,
        tracing_core::Level::INFO => Level::Info,
        tracing_core::Level::WARN => Level::Warn,
        _ => Level::Error,
    }
}

/// What a span of this callsite is known by that has said its name or kind; `None` where that is the callsite itself, or
/// there are too many. Under [`Busy`](super::busy::Busy) only.
pub(super) fn renamed(
    site: &'static Callsite,
    name: Option<&str>,
    kind: Option<SpanKind>,
) -> Option<&'static Callsite> {
    let (name, kind) = (name.unwrap_or(site.name()), kind.unwrap_or(site.kind()));
    if name == site.name() && kind == site.kind() {
        return None;
    }
    let key = (std::ptr::from_ref(site) as usize, kind);
    let known = RENAMED.read().unwrap_or_else(PoisonError::into_inner);
    let of_site = known.as_ref().and_then(|known| known.get(&key));
    if let Some(renamed) = of_site.and_then(|names| names.get(name)) {
        return Some(renamed);
    }
    drop(known);
    add(key, site, name, kind)
}

#[cold]
fn add(
    key: (usize, SpanKind),
    site: &'static Callsite,
    name: &str,
    kind: SpanKind,
) -> Option<&'static Callsite> {
    let mut all = RENAMED.write().unwrap_or_else(PoisonError::into_inner);
    let all = all.get_or_insert_default();
    if all.values().map(HashMap::len).sum::<usize>() >= MAX_NAMES {
        trouble::count(Trouble::TooManyNames);
        return None;
    }
    let names = all.entry(key).or_default();
    if let Some(renamed) = names.get(name) {
        return Some(renamed);
    }
    let leaked: &'static str = Box::leak(name.to_owned().into_boxed_str());
    let renamed: &'static Callsite = Box::leak(Box::new(site.renamed(leaked, kind)));
    names.insert(leaked.to_owned(), renamed);
    Some(renamed)
}
