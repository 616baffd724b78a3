//! Which of `tracing`'s callsites are those of `#[instrument]`: a layer that writes down spans has our span already.
//!
//! `tracing` makes the callsite where the macro opens the span, so it is known from then on. While it is opened for the first
//! time, and registered, the thread remembers for whom.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, PoisonError, RwLock};

use tracing::Metadata;
use tracing::callsite::{Identifier, rebuild_interest_cache};

/// The callsite of one function, as `tracing` has it.
#[derive(Debug)]
pub struct Visible {
    name: &'static str,
    module: &'static str,
    is_known: AtomicBool,
}

/// The first opening, until it is over.
#[derive(Debug)]
pub struct First {
    site: &'static Visible,
    before: Option<&'static Visible>,
}

thread_local! {
    static OPENING: Cell<Option<&'static Visible>> = const { Cell::new(None) };
}

static KNOWN: LazyLock<RwLock<HashSet<Identifier>>> = LazyLock::new(RwLock::default);

/// A layer has been told that a callsite is none of them.
static DENIED: AtomicBool = AtomicBool::new(false);

impl Visible {
    /// The name of the span, and where the function is.
    #[must_use]
    pub const fn new(name: &'static str, module: &'static str) -> Self {
        let is_known = AtomicBool::new(false);
        Self {
            name,
            module,
            is_known,
        }
    }

    /// Before the span is opened. Nothing, but for the first time.
    #[inline(always)]
    #[must_use]
    pub fn first(&'static self) -> Option<First> {
        match self.is_known.load(Ordering::Relaxed) {
            true => None,
            false => Some(self.opening()),
        }
    }

    #[cold]
    fn opening(&'static self) -> First {
        let before = OPENING.try_with(|opening| opening.replace(Some(self)));
        First {
            site: self,
            before: before.ok().flatten(),
        }
    }

    /// Whether it is news.
    fn learn(&self, metadata: &Metadata<'_>) -> bool {
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = known.insert(metadata.callsite());
        drop(known);
        self.is_known.store(true, Ordering::Release);
        is_new
    }

    fn is(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span()
            && metadata.name() == self.name
            && metadata.module_path() == Some(self.module)
    }
}

impl First {
    /// After the span is opened: an open one says which callsite it is. One that nobody wanted says nothing.
    #[cold]
    pub fn know(self, span: &tracing::Span) {
        if let Some(metadata) = span.metadata()
            && self.site.learn(metadata)
            && DENIED.load(Ordering::Relaxed)
        {
            // Who was asked before has taken it for another.
            rebuild_interest_cache();
        }
    }
}

impl Drop for First {
    fn drop(&mut self) {
        let _ = OPENING.try_with(|opening| opening.set(self.before));
    }
}

/// Whether the metadata are those of a function under `#[instrument]`, whose span is ours already. It takes a lock.
#[must_use]
pub fn is_instrumented(metadata: &Metadata<'_>) -> bool {
    let opening = OPENING.try_with(Cell::get).ok().flatten();
    if let Some(site) = opening.filter(|site| site.is(metadata)) {
        site.learn(metadata);
        return true;
    }
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let is_known = known.contains(&metadata.callsite());
    if !is_known {
        DENIED.store(true, Ordering::Relaxed);
    }
    is_known
}
