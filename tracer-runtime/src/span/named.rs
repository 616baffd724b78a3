//! Spans of their own, without a function: `span!`.

use std::future::Future;
use std::marker::PhantomData;

use super::capture::Form;
use super::context::Context;
use super::describe::Describe;
use super::future::{Traced, traced_at};
use super::guard::{Guard, enter_at};
use super::inside::put;
use super::start::Start;
use crate::callsite::Callsite;
use crate::mode;
use crate::subscriber;
use crate::value::KeyValue;

/// A span that has not started. Made by [`span!`](crate::span).
///
/// Its parent is the span that is current where it is made, so that it can be sent to another thread or task. Made
/// outside every span, it hangs under what is current where it starts.
#[derive(Debug)]
#[must_use = "a span starts with `.enter()` or `.in_span(..)`"]
pub struct Span {
    site: &'static Callsite,
    parent: Context,
    attributes: Vec<KeyValue>,
}

/// A span that runs; ends when dropped. Stays on its thread.
#[derive(Debug)]
#[must_use = "the span ends when the guard is dropped; bind it to a name, not to `_`"]
pub struct SpanGuard {
    _guard: Guard,
    not_send: PhantomData<*const ()>,
}

impl Span {
    #[doc(hidden)]
    pub fn new(site: &'static Callsite, attributes: impl FnOnce() -> Vec<KeyValue>) -> Self {
        let attributes = if mode::is_off() {
            Vec::new()
        } else {
            attributes()
        };
        Self {
            site,
            parent: Context::current(),
            attributes,
        }
    }

    /// Starts the span on this thread.
    pub fn enter(self) -> SpanGuard {
        let mut guard = enter_at(self.site, Start::parent_or_current(self.parent));
        guard.alone();
        // Without a span of its own they would be somebody else's.
        let ours = guard.has_span();
        if subscriber::before(self.site, ours) || ours {
            for KeyValue { key, value } in self.attributes {
                if let std::borrow::Cow::Borrowed(key) = key {
                    put(key, Some(value), Form::Plain);
                }
            }
            subscriber::after(self.site);
        }
        SpanGuard {
            _guard: guard,
            not_send: PhantomData,
        }
    }

    pub(super) fn around<F: Future, D: Describe<F::Output>>(
        self,
        future: F,
        describe: D,
    ) -> Traced<F, D> {
        traced_at(
            self.site,
            Start::parent_or_current(self.parent).with_attributes(self.attributes),
            future,
            describe,
        )
    }
}
