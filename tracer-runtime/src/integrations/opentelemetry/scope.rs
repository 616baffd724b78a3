//! Instrumentation scopes, and the callsites that stand for the spans of each: one a kind.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use opentelemetry::InstrumentationScope;

use crate::callsite::{Callsite, SpanKind};

/// More scopes than that are made up as a program runs.
const MAX_SCOPES: usize = 1_000;

/// Who makes spans: a tracer's name and what else it has said of itself.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) otel: InstrumentationScope,
    sites: [Callsite; KINDS.len()],
}

const KINDS: [SpanKind; 5] = [
    SpanKind::Internal,
    SpanKind::Server,
    SpanKind::Client,
    SpanKind::Producer,
    SpanKind::Consumer,
];

type Scopes = HashMap<InstrumentationScope, &'static Scope>;

static SCOPES: RwLock<Option<Scopes>> = RwLock::new(None);
/// For those beyond the limit.
static OTHERS: LazyLock<Scope> =
    LazyLock::new(|| Scope::new(InstrumentationScope::builder("opentelemetry").build()));

impl Scope {
    /// What is known of this scope; of too many, that there are others.
    pub(super) fn of(scope: InstrumentationScope) -> &'static Self {
        let known = SCOPES.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref().and_then(|known| known.get(&scope)) {
            return known;
        }
        drop(known);
        let mut scopes = SCOPES.write().unwrap_or_else(PoisonError::into_inner);
        let scopes = scopes.get_or_insert_default();
        if let Some(known) = scopes.get(&scope) {
            return known;
        }
        if scopes.len() == MAX_SCOPES {
            return &OTHERS;
        }
        let leaked: &'static Self = Box::leak(Box::new(Self::new(scope.clone())));
        scopes.insert(scope, leaked);
        leaked
    }

    fn new(otel: InstrumentationScope) -> Self {
        let name: &'static str = Box::leak(otel.name().to_owned().into_boxed_str());
        let site = |kind| {
            Callsite::new("", "", name)
                .with_kind(kind)
                .without_metrics()
                .without_subscriber()
                .synthetic()
        };
        Self {
            otel,
            sites: KINDS.map(site),
        }
    }

    pub(super) fn site(&'static self, kind: SpanKind) -> &'static Callsite {
        let [internal, server, client, producer, consumer] = &self.sites;
        match kind {
            SpanKind::Internal => internal,
            SpanKind::Server => server,
            SpanKind::Client => client,
            SpanKind::Producer => producer,
            SpanKind::Consumer => consumer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_known_by_all_that_it_says() {
        let scope = |version: &'static str| {
            Scope::of(
                InstrumentationScope::builder("scope-test")
                    .with_version(version)
                    .build(),
            )
        };
        assert!(std::ptr::eq(scope("1"), scope("1")));
        assert!(!std::ptr::eq(scope("1"), scope("2")));
        assert_eq!(scope("1").site(SpanKind::Client).kind(), SpanKind::Client);
        assert_eq!(scope("1").site(SpanKind::Client).target(), "scope-test");
    }
}
