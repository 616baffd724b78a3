//! What `#[instrument]` writes of `tracing`, where `tracing` is not there: nothing is evaluated and nothing happens.

pub use crate::{
    __no_event as event, __no_if_log_enabled as if_log_enabled,
    __no_level_enabled as level_enabled, __no_span as span,
};

/// A span that nobody sees.
#[derive(Debug)]
pub struct Span;

impl Span {
    /// The only one.
    #[must_use]
    pub fn none() -> Self {
        Self
    }

    /// Always.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        true
    }

    /// Does nothing.
    pub fn follows_from<T>(&self, _: T) {}

    /// Does nothing.
    pub fn enter(&self) {}
}

/// The callsite of a span that nobody sees.
#[derive(Debug)]
pub struct Visible;

impl Visible {
    /// Nothing to remember.
    #[must_use]
    pub const fn new(_: &'static str, _: &'static str) -> Self {
        Self
    }

    /// Nothing to do.
    #[must_use]
    pub const fn first(&self) -> Option<First> {
        None
    }
}

/// There is none.
#[derive(Debug)]
pub enum First {}

impl First {
    /// Never called.
    pub fn know(self, _: &Span) {
        match self {}
    }
}

/// Gives the future back.
#[derive(Debug)]
pub struct Instrument;

impl Instrument {
    /// The future as it is.
    pub fn instrument<F>(future: F, _: Span) -> F {
        future
    }
}

/// No span.
#[doc(hidden)]
#[macro_export]
macro_rules! __no_span {
    ($($any:tt)*) => {
        $crate::__private::tracing::Span::none()
    };
}

/// No event.
#[doc(hidden)]
#[macro_export]
macro_rules! __no_event {
    ($($any:tt)*) => {
        ()
    };
}

/// No level.
#[doc(hidden)]
#[macro_export]
macro_rules! __no_level_enabled {
    ($($any:tt)*) => {
        false
    };
}

/// No log.
#[doc(hidden)]
#[macro_export]
macro_rules! __no_if_log_enabled {
    ($level:expr, $log:block else $otherwise:block) => {
        $otherwise
    };
}
