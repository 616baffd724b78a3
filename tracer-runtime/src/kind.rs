//! What a span is: its kind, its level, and the signals that it stands for.

/// What role a span plays in a request.
///
/// <https://opentelemetry.io/docs/specs/otel/trace/api/#spankind>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SpanKind {
    /// Work inside the process.
    #[default]
    Internal,
    /// Handles a request from elsewhere.
    Server,
    /// Sends a request elsewhere.
    Client,
    /// Hands over a message.
    Producer,
    /// Takes a message.
    Consumer,
}

#[cfg(feature = "enable")]
impl SpanKind {
    /// Whether such spans serve somebody elsewhere.
    #[inline(always)]
    pub(crate) const fn is_entry(self) -> bool {
        matches!(self, Self::Server | Self::Consumer)
    }
}

/// How detailed a span is, as in `tracing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Level {
    /// Very detailed.
    Trace,
    /// For debugging.
    Debug,
    /// The usual.
    #[default]
    Info,
    /// Something unexpected.
    Warn,
    /// Something failed.
    Error,
}

/// The signals that a callsite takes part in: those with spans first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Signals {
    Both,
    SpansOnly,
    MetricsOnly,
    Neither,
}

#[cfg(feature = "enable")]
impl Signals {
    pub(crate) const ALL: [Self; 4] = [
        Self::Both,
        Self::SpansOnly,
        Self::MetricsOnly,
        Self::Neither,
    ];

    #[inline(always)]
    pub(crate) const fn has_spans(self) -> bool {
        matches!(self, Self::Both | Self::SpansOnly)
    }

    #[inline(always)]
    pub(crate) const fn has_metrics(self) -> bool {
        matches!(self, Self::Both | Self::MetricsOnly)
    }

    /// Those that are left where only these are wanted.
    pub(crate) const fn less(self, spans: bool, metrics: bool) -> Self {
        match (self.has_spans() && spans, self.has_metrics() && metrics) {
            (true, true) => Self::Both,
            (true, false) => Self::SpansOnly,
            (false, true) if cfg!(feature = "metrics") => Self::MetricsOnly,
            (false, _) => Self::Neither,
        }
    }
}
