//! Where a span hangs. See [`super::opening`] for how it opens there.

use std::mem;

use super::context::Context;
use super::place::Place;
use crate::context::{Link, Remote};
use crate::subscriber::Hang;
use crate::value::KeyValue;

/// Where a span hangs: under the current one, nowhere, under a given context, or under a caller elsewhere.
#[derive(Debug)]
pub struct Start {
    pub(super) under: Under,
    /// The same on the side of a `tracing` subscriber.
    pub(super) hang: Hang,
    pub(super) links: Vec<Link>,
    pub(super) attributes: Vec<KeyValue>,
}

#[derive(Debug)]
pub(super) enum Under {
    Current,
    Nothing,
    /// A reference to the trace is held from here on. `None` where nothing would be recorded.
    Below(Option<Place>),
    Remote(Remote),
}

/// What `parent = EXPR` may be.
#[derive(Debug)]
pub struct Parent(Option<Context>);

impl From<Context> for Parent {
    fn from(context: Context) -> Self {
        Self(Some(context))
    }
}

impl From<&Context> for Parent {
    fn from(context: &Context) -> Self {
        Self(Some(*context))
    }
}

impl From<Option<Context>> for Parent {
    fn from(context: Option<Context>) -> Self {
        Self(context)
    }
}

impl Start {
    /// Under the current span, or a new trace where there is none.
    #[must_use]
    pub const fn current() -> Self {
        Self {
            under: Under::Current,
            hang: Hang::Current,
            links: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// A new trace.
    #[must_use]
    pub const fn root() -> Self {
        Self {
            under: Under::Nothing,
            hang: Hang::Root,
            links: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// Under this context; a new trace where it names none.
    #[must_use]
    pub fn parent(parent: impl Into<Parent>) -> Self {
        let context = parent.into().0.filter(Context::is_valid);
        Self {
            under: context.map_or(Under::Nothing, |context| {
                Under::Below(Place::below(context))
            }),
            hang: context.map_or(Hang::Root, |context| Hang::Below(context.span_id())),
            links: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// Under this context; under the current span where it names none.
    pub(super) fn parent_or_current(context: Context) -> Self {
        if context.is_valid() {
            Self {
                hang: Hang::Near(context.span_id()),
                ..Self::parent(context)
            }
        } else {
            Self::current()
        }
    }

    /// Under a caller in another service; the current span where there is none.
    #[must_use]
    pub fn remote(remote: Option<Remote>) -> Self {
        Self {
            under: remote.map_or(Under::Current, Under::Remote),
            hang: Hang::Current,
            links: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// For a handler: under a caller in another service. Where a layer has started the call already, under that.
    #[must_use]
    pub fn served(remote: Option<Remote>) -> Self {
        match crate::rpc::serves() {
            true => Self::current(),
            false => Self::remote(remote),
        }
    }

    /// What a caller in another service has sent.
    pub(crate) const fn caller(&self) -> Option<&Remote> {
        match &self.under {
            Under::Remote(remote) => Some(remote),
            _ => None,
        }
    }

    /// Refers to spans of other traces; those that name no span are left out.
    #[must_use]
    pub fn with_links(mut self, links: impl IntoIterator<Item: Into<Link>>) -> Self {
        let links = links.into_iter().map(Into::into);
        self.links.extend(links.filter(Link::is_valid));
        self
    }

    /// Whether nothing is left of it to free, as it mostly is once the span has begun.
    #[inline]
    pub(crate) fn is_spent(&self) -> bool {
        self.links.capacity() == 0
            && self.attributes.capacity() == 0
            && match &self.under {
                Under::Current | Under::Nothing | Under::Below(None) => true,
                Under::Remote(remote) => remote.carried.is_none(),
                Under::Below(Some(_)) => false,
            }
    }

    /// Whether it says nothing but where the span hangs.
    #[inline]
    pub(super) fn is_only_a_place(&self) -> bool {
        self.links.is_empty() && self.attributes.is_empty()
    }

    /// What a subscriber must know: where the span hangs, and what is known before it starts.
    pub(super) fn for_subscriber(&mut self) -> (Hang, Vec<KeyValue>) {
        (mem::take(&mut self.hang), self.attributes.clone())
    }

    /// Attributes that are known before the span starts.
    pub(crate) fn with_attributes(mut self, attributes: Vec<KeyValue>) -> Self {
        self.attributes = attributes;
        self
    }
}
