//! What is known about an annotated function before it runs.

use std::panic::Location;
#[cfg(feature = "enable")]
use std::sync::atomic::AtomicU8;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[cfg(any(feature = "otlp", feature = "testing"))]
use crate::value::KeyValue;

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

/// The signals that a callsite takes part in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Signals {
    Both,
    SpansOnly,
    MetricsOnly,
    Neither,
}

/// The number of a callsite that has not been called yet: it is not known what the filter leaves of it.
#[cfg(feature = "enable")]
const UNKNOWN: u8 = 4;

#[cfg(feature = "enable")]
impl Signals {
    /// `None` for [`UNKNOWN`].
    #[inline(always)]
    const fn of(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Both),
            1 => Some(Self::SpansOnly),
            2 => Some(Self::MetricsOnly),
            3 => Some(Self::Neither),
            _ => None,
        }
    }

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

/// One annotated function: a `static` that spans, metrics and reports refer to by pointer.
#[derive(Debug)]
pub struct Callsite {
    /// Index of the metric cells, given once, at the first call; 0 until then.
    id: AtomicU32,
    /// As its attribute says.
    pub(crate) declared: Signals,
    /// What the filter leaves of the declared ones, as a number.
    #[cfg(feature = "enable")]
    signals: AtomicU8,
    pub(crate) kind: SpanKind,
    pub(crate) level: Level,
    pub(crate) name: &'static str,
    pub(crate) function: &'static str,
    pub(crate) module: &'static str,
    pub(crate) target: Option<&'static str>,
    pub(crate) location: &'static Location<'static>,
}

static NEXT_ID: AtomicU32 = AtomicU32::new(1);

impl Callsite {
    /// A callsite at the place of the call; `function` is the metrics' label, `name` the span's.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &'static str, function: &'static str, module: &'static str) -> Self {
        Self {
            id: AtomicU32::new(0),
            declared: Signals::Both,
            #[cfg(feature = "enable")]
            signals: AtomicU8::new(UNKNOWN),
            kind: SpanKind::Internal,
            level: Level::Info,
            name,
            function,
            module,
            target: None,
            location: Location::caller(),
        }
    }

    /// Sets the span kind.
    #[must_use]
    pub const fn with_kind(mut self, kind: SpanKind) -> Self {
        self.kind = kind;
        self
    }

    /// Sets the level.
    #[must_use]
    pub const fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Sets the target of the `tracing` side; the module path otherwise.
    #[must_use]
    pub const fn with_target(mut self, target: &'static str) -> Self {
        self.target = Some(target);
        self
    }

    /// Spans, no metrics.
    #[must_use]
    pub const fn without_metrics(mut self) -> Self {
        self.declared = Signals::SpansOnly;
        self
    }

    /// Metrics, no spans.
    #[must_use]
    pub const fn metrics_only(mut self) -> Self {
        self.declared = Signals::MetricsOnly;
        self
    }

    /// The span name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The function's identifier, `Type::method` in an annotated `impl`.
    #[must_use]
    pub const fn function(&self) -> &'static str {
        self.function
    }

    /// The module path.
    #[must_use]
    pub const fn module(&self) -> &'static str {
        self.module
    }

    /// Source file, line and column of the function.
    #[must_use]
    pub const fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// The span kind.
    #[must_use]
    pub const fn kind(&self) -> SpanKind {
        self.kind
    }

    /// The level.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The target of the `tracing` side: the module path unless set.
    #[must_use]
    pub const fn target(&self) -> &'static str {
        match self.target {
            Some(target) => target,
            None => self.module,
        }
    }

    /// The keys of [`Self::code_attributes`].
    #[cfg(any(feature = "otlp", feature = "testing"))]
    pub(crate) const CODE_KEYS: [&str; 3] =
        ["code.function.name", "code.file.path", "code.line.number"];

    /// Where the code is, as the semantic conventions name it.
    ///
    /// <https://opentelemetry.io/docs/specs/semconv/registry/attributes/code/>
    #[cfg(any(feature = "otlp", feature = "testing"))]
    pub(crate) fn code_attributes(&self) -> [KeyValue; 3] {
        let [function, file, line] = Self::CODE_KEYS;
        [
            KeyValue::new(function, format!("{}::{}", self.module, self.function)),
            KeyValue::new(file, self.location.file()),
            KeyValue::new(line, self.location.line()),
        ]
    }

    /// Whether a call that begins now takes part in both signals, and the callsite is not new. One load.
    #[cfg(feature = "enable")]
    #[inline(always)]
    pub(crate) fn has_both(&self) -> bool {
        self.signals.load(Relaxed) == Signals::Both as u8
    }

    /// What a call that begins now takes part in. The next call may take part in something else: who begins one asks
    /// once, and remembers.
    #[cfg(feature = "enable")]
    #[inline(always)]
    pub(crate) fn signals(&'static self) -> Signals {
        match self.known_signals() {
            Some(signals) => signals,
            None => crate::filter::admit(self),
        }
    }

    /// `None` before the first call.
    #[cfg(feature = "enable")]
    #[inline(always)]
    pub(crate) fn known_signals(&self) -> Option<Signals> {
        Signals::of(self.signals.load(Relaxed))
    }

    /// The filter's word, for calls that begin from now on.
    #[cfg(feature = "enable")]
    pub(crate) fn set_signals(&self, signals: Signals) {
        self.signals.store(signals as u8, Relaxed);
    }

    /// 0 before the first call.
    #[inline(always)]
    pub(crate) fn id(&self) -> u32 {
        self.id.load(Relaxed)
    }

    /// Gives the callsite its id; whoever comes first wins, the number of the loser stays unused.
    #[cold]
    #[inline(never)]
    pub(crate) fn register(&self) -> u32 {
        let id = self.id();
        if id != 0 {
            return id;
        }
        let fresh = NEXT_ID.fetch_add(1, Relaxed);
        match self.id.compare_exchange(0, fresh, Relaxed, Relaxed) {
            Ok(_) => fresh,
            Err(theirs) => theirs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callsite_gets_one_id_whoever_asks() {
        static SITE: Callsite = Callsite::new("a", "a", "m");
        let ids: Vec<u32> = std::thread::scope(|s| {
            let threads: Vec<_> = (0..4).map(|_| s.spawn(|| SITE.register())).collect();
            threads
                .into_iter()
                .map(|t| t.join().expect("register does not panic"))
                .collect()
        });
        assert!(ids.iter().all(|&id| id == SITE.id() && id != 0), "{ids:?}");
        assert!(SITE.location().file().ends_with("callsite.rs"));
    }
}
