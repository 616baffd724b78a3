//! What `tracing` knows a callsite by: metadata, made at the first call that a subscriber may want.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};

use tracing_core::callsite::{DefaultCallsite, Identifier};
use tracing_core::field::FieldSet;
use tracing_core::subscriber::{Interest, NoSubscriber};
use tracing_core::{Kind, LevelFilter, Metadata, dispatcher};

use super::{exported, listener};
use crate::callsite::{Callsite, Level};

/// A place in a [`Callsite`], which has nothing to drop.
pub(crate) type Listing = ManuallyDrop<OnceLock<&'static Listed>>;

#[allow(
    clippy::declare_interior_mutable_const,
    reason = "each callsite begins with a copy"
)]
pub(crate) const NOT_LISTED: Listing = ManuallyDrop::new(OnceLock::new());

/// See the module.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(super) metadata: &'static Metadata<'static>,
    /// On the list of those who are told of new subscribers and of filters that change.
    callsite: &'static DefaultCallsite,
    is_on_list: AtomicBool,
    /// It was put on the list where no subscriber could be seen, and there is one elsewhere.
    unheard: AtomicBool,
}

/// Stands behind the identifier of our metadata, and so tells them from those of others.
struct Ours {
    site: &'static Callsite,
    metadata: OnceLock<&'static Metadata<'static>>,
}

thread_local! {
    static ASKED: Cell<Option<&'static Callsite>> = const { Cell::new(None) };
}

impl tracing_core::Callsite for Ours {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        let _ = ASKED.try_with(|asked| asked.set(Some(self.site)));
        // There is none only while it is made.
        self.metadata.get().copied().unwrap_or(listener::metadata())
    }
}

/// The callsite that the metadata are of, if it is one of ours. It costs a virtual call.
pub(crate) fn site_of(metadata: &Metadata<'_>) -> Option<&'static Callsite> {
    let _ = ASKED.try_with(|asked| asked.set(None));
    metadata.callsite().0.metadata();
    ASKED.try_with(Cell::take).ok().flatten()
}

/// Whether the metadata are those of an annotated function, whose span is ours already.
#[allow(
    dead_code,
    reason = "for layers of ours, which would see each span twice"
)]
pub(crate) fn is_ours(metadata: &Metadata<'_>) -> bool {
    site_of(metadata).is_some()
}

impl Listed {
    fn new(site: &'static Callsite) -> Self {
        let ours: &'static Ours = Box::leak(Box::new(Ours {
            site,
            metadata: OnceLock::new(),
        }));
        let metadata: &'static Metadata<'static> = Box::leak(Box::new(Metadata::new(
            site.name,
            site.target(),
            level(site.level),
            Some(site.location.file()),
            Some(site.location.line()),
            Some(site.module),
            FieldSet::new(exported::fields(site), Identifier(ours)),
            Kind::SPAN,
        )));
        let _ = ours.metadata.set(metadata);
        Self {
            metadata,
            callsite: Box::leak(Box::new(DefaultCallsite::new(metadata))),
            is_on_list: AtomicBool::new(false),
            unheard: AtomicBool::new(false),
        }
    }

    /// What the subscribers have said; `sometimes` where that is not known. It asks nobody.
    pub(super) fn interest(&self) -> Interest {
        match self.is_on_list.load(Acquire) && !self.unheard.load(Relaxed) {
            true => self.callsite.interest(),
            false => Interest::sometimes(),
        }
    }
}

/// Set while this thread puts a callsite on the list, under locks of `tracing`'s.
struct Asking(());

thread_local! {
    static ASKING: Cell<bool> = const { Cell::new(false) };
}

impl Asking {
    /// `None` where it is set already.
    fn begin() -> Option<Self> {
        let before = ASKING.try_with(|asking| asking.replace(true));
        (before == Ok(false)).then(|| Self(()))
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let _ = ASKING.try_with(|asking| asking.set(false));
    }
}

pub(super) fn level(level: Level) -> tracing_core::Level {
    match level {
        Level::Trace => tracing_core::Level::TRACE,
        Level::Debug => tracing_core::Level::DEBUG,
        Level::Info => tracing_core::Level::INFO,
        Level::Warn => tracing_core::Level::WARN,
        Level::Error => tracing_core::Level::ERROR,
    }
}

/// Whether `tracing`'s static features leave any of it.
fn is_compiled_in(site: &Callsite) -> bool {
    level(site.level) <= tracing::level_filters::STATIC_MAX_LEVEL
}

/// What `tracing` knows of the callsite; put on its list now where it is not yet. `None` where no subscriber is ever asked.
pub(super) fn listed(site: &'static Callsite) -> Option<&'static Listed> {
    if let Some(listed) = site.listed.get() {
        return Some(listed);
    }
    if !is_compiled_in(site) {
        crate::filter::ask_subscribers(site);
        return None;
    }
    // Subscribers are asked, who may call annotated functions: those ask the next time.
    let asking = Asking::begin()?;
    listener::listen();
    let listed = site
        .listed
        .get_or_init(|| Box::leak(Box::new(Listed::new(site))));
    let interest = listed.callsite.interest();
    drop(asking);
    listed.is_on_list.store(true, Release);
    if interest.is_never() && LevelFilter::current() != LevelFilter::OFF {
        let nobody = dispatcher::get_default(|current| current.is::<NoSubscriber>());
        listed.unheard.store(nobody, Relaxed);
    }
    crate::filter::ask_subscribers(site);
    Some(listed)
}

/// Whether a subscriber may want its spans, by what the subscribers have said.
pub(crate) fn may_want(site: &Callsite) -> bool {
    site.concerns_subscribers()
        && is_compiled_in(site)
        && site
            .listed
            .get()
            .is_none_or(|listed| !listed.interest().is_never())
}

/// The subscribers are asked again, those who could not be seen too.
pub(crate) fn heard(site: &Callsite) {
    if let Some(listed) = site.listed.get() {
        listed.unheard.store(false, Relaxed);
    }
}

/// Whether the subscriber's current span is one of this callsite.
#[cold]
#[inline(never)]
pub(crate) fn is_current(site: &'static Callsite) -> bool {
    dispatcher::get_default(|current| {
        let current = current.current_span();
        let of = current.metadata().and_then(site_of);
        of.is_some_and(|of| std::ptr::eq(of, site))
    })
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::Registry;

    use super::*;

    #[test]
    fn our_metadata_are_told_from_those_of_others() {
        static ONE: Callsite = Callsite::new("one", "one", "m").with_target("t");
        static OTHER: Callsite = Callsite::new("other", "other", "m").with_empty_fields(&["id"]);
        let [one, other] =
            [&ONE, &OTHER].map(|site| listed(site).expect("it is compiled in").metadata);
        assert!(is_ours(one) && is_ours(other));
        assert!(std::ptr::eq(site_of(other).expect("ours"), &OTHER));
        assert!(std::ptr::eq(site_of(one).expect("ours"), &ONE));
        assert!(!is_ours(listener::metadata()));
        tracing::subscriber::with_default(Registry::default(), || {
            let span = tracing::error_span!("foreign");
            assert!(!is_ours(span.metadata().expect("it is enabled")));
        });
        assert_eq!(
            (one.name(), one.target(), one.module_path()),
            ("one", "t", Some("m"))
        );
        let fields: Vec<_> = other.fields().iter().map(|field| field.name()).collect();
        assert_eq!(fields, ["id"]);
    }

    #[test]
    fn a_callsite_that_concerns_no_subscriber_is_not_watched() {
        static UNSEEN: Callsite = Callsite::new("unseen", "unseen", "m").without_subscriber();
        static COUNTED: Callsite = Callsite::new("counted", "counted", "m").metrics_only();
        tracing::subscriber::with_default(Registry::default(), || {
            for site in [&UNSEEN, &COUNTED] {
                site.signals();
                assert!(!site.is_watched());
            }
        });
    }
}
