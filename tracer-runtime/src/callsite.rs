//! What is known about an annotated function before it runs.

#[cfg(feature = "enable")]
mod word;

use std::panic::Location;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[cfg(feature = "enable")]
pub(crate) use word::Way;

pub(crate) use crate::kind::Signals;
pub use crate::kind::{Level, SpanKind};
#[cfg(any(feature = "otlp", feature = "opentelemetry", feature = "testing"))]
use crate::value::KeyValue;

/// One annotated function: a `static` that spans, metrics and reports refer to by pointer.
#[derive(Debug)]
pub struct Callsite {
    /// The index of the metric cells, given at the first call, below what the filter leaves of the signals and whether a
    /// `tracing` subscriber may want its spans. So who looks for the cell of a call with both signals finds it or does not,
    /// and need not ask for the signals. 0 until the first call.
    state: AtomicU32,
    /// As its attribute says.
    pub(crate) declared: Signals,
    pub(crate) kind: SpanKind,
    pub(crate) level: Level,
    pub(crate) name: &'static str,
    pub(crate) function: &'static str,
    pub(crate) module: &'static str,
    pub(crate) target: Option<&'static str>,
    origin: Origin,
    /// Its spans are of no concern to `tracing` subscribers.
    unsubscribed: bool,
    /// The fields of the `tracing` side.
    pub(crate) fields: &'static [&'static str],
    /// A block that records some of them follows on the beginning of each call.
    pub(crate) records_at_start: bool,
    pub(crate) location: &'static Location<'static>,
    /// What `tracing` knows it by, from the first call that a subscriber may want.
    #[cfg(all(feature = "enable", feature = "tracing"))]
    pub(crate) listed: crate::subscriber::Listing,
}

/// Does not compile unless all that a callsite holds is `Sync`.
#[allow(dead_code, reason = "it is compiled, and never called")]
fn is_sync_in_each_part(site: &Callsite) {
    const fn is_sync<T: Sync>(_: &T) {}
    let Callsite {
        state,
        declared,
        kind,
        level,
        name,
        function,
        module,
        target,
        origin,
        unsubscribed,
        fields,
        records_at_start,
        location,
        #[cfg(all(feature = "enable", feature = "tracing"))]
        listed,
    } = site;
    is_sync(state);
    is_sync(&(
        declared,
        kind,
        level,
        origin,
        unsubscribed,
        records_at_start,
    ));
    is_sync(&(name, function, module, target, fields, location));
    #[cfg(all(feature = "enable", feature = "tracing"))]
    is_sync(listed);
}

// SAFETY: what it holds is `Sync`, as the function above has the compiler check. It is said here because the compiler would
// look through all of it for each annotated function.
#[allow(unsafe_code, reason = "checked once instead of in each function")]
unsafe impl Sync for Callsite {}

/// What a callsite stands for.
#[derive(Debug, Clone, Copy)]
enum Origin {
    /// An annotated function, or a span of the user's own.
    Function,
    /// No function of the user's.
    Nothing,
    /// A `tracing` span of another crate, and where it is.
    Tracing(Option<(&'static str, u32)>),
    /// The same as another one, by another name.
    #[cfg(all(feature = "enable", feature = "tracing"))]
    Renamed(&'static Callsite),
}

const ID_BITS: u32 = 29;
pub(crate) const MAX_ID: u32 = (1 << ID_BITS) - 1;

impl Callsite {
    /// A callsite at the place of the call; `function` is the metrics' label, `name` the span's.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &'static str, function: &'static str, module: &'static str) -> Self {
        Self {
            name,
            function,
            module,
            location: Location::caller(),
            ..Self::BLANK
        }
    }

    /// What most have in common, evaluated once for all of them.
    #[allow(
        clippy::declare_interior_mutable_const,
        reason = "each callsite begins with a copy"
    )]
    const BLANK: Self = Self {
        state: AtomicU32::new(0),
        declared: Signals::Both,
        kind: SpanKind::Internal,
        level: Level::Info,
        name: "",
        function: "",
        module: "",
        target: None,
        origin: Origin::Function,
        unsubscribed: false,
        fields: &[],
        records_at_start: false,
        location: Location::caller(),
        #[cfg(all(feature = "enable", feature = "tracing"))]
        listed: crate::subscriber::NOT_LISTED,
    };

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

    /// The fields that the span has on the `tracing` side, in that order. Some of them are recorded where it begins.
    #[must_use]
    pub const fn with_fields(mut self, fields: &'static [&'static str]) -> Self {
        self.fields = fields;
        self.records_at_start = !fields.is_empty();
        self
    }

    /// The fields that the span has on the `tracing` side, none of which is recorded where it begins.
    #[must_use]
    pub const fn with_empty_fields(mut self, fields: &'static [&'static str]) -> Self {
        self.fields = fields;
        self
    }

    /// No `tracing` subscriber sees its spans.
    #[must_use]
    pub const fn without_subscriber(mut self) -> Self {
        self.unsubscribed = true;
        self
    }

    /// Stands for no function.
    #[cfg(feature = "enable")]
    pub(crate) const fn synthetic(mut self) -> Self {
        self.origin = Origin::Nothing;
        self
    }

    /// Stands for a `tracing` span of another crate, in this file and line. It is counted where a filter asks for that.
    #[cfg(all(feature = "enable", feature = "tracing"))]
    pub(crate) const fn of_tracing(mut self, place: Option<(&'static str, u32)>) -> Self {
        self.origin = Origin::Tracing(place);
        self
    }

    /// The same place by another name, which is not counted.
    #[cfg(all(feature = "enable", feature = "tracing"))]
    pub(crate) fn renamed(&'static self, name: &'static str, kind: SpanKind) -> Self {
        Self {
            state: AtomicU32::new(0),
            declared: Signals::SpansOnly,
            kind,
            name,
            origin: Origin::Renamed(self),
            unsubscribed: true,
            #[cfg(all(feature = "enable", feature = "tracing"))]
            listed: crate::subscriber::NOT_LISTED,
            ..*self
        }
    }

    /// Whether it is counted only where a filter asks for that.
    #[cfg(feature = "enable")]
    pub(crate) const fn is_counted_on_request(&self) -> bool {
        matches!(self.origin, Origin::Tracing(_))
    }

    /// The one whose cells count its calls.
    #[cfg(feature = "enable")]
    pub(crate) const fn counted(&'static self) -> &'static Self {
        match self.origin {
            #[cfg(feature = "tracing")]
            Origin::Renamed(site) => site,
            _ => self,
        }
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
    #[cfg(any(feature = "otlp", feature = "opentelemetry", feature = "testing"))]
    pub(crate) const CODE_KEYS: [&str; 3] =
        ["code.function.name", "code.file.path", "code.line.number"];

    /// Where the code is, as the semantic conventions name it.
    ///
    /// <https://opentelemetry.io/docs/specs/semconv/registry/attributes/code/>
    #[cfg(any(feature = "otlp", feature = "opentelemetry", feature = "testing"))]
    pub(crate) fn code_attributes(&self) -> Vec<KeyValue> {
        let [function, file, line] = Self::CODE_KEYS;
        match self.origin {
            Origin::Function => {}
            Origin::Tracing(Some((path, number))) => {
                return vec![KeyValue::new(file, path), KeyValue::new(line, number)];
            }
            Origin::Nothing | Origin::Tracing(None) => return Vec::new(),
            #[cfg(all(feature = "enable", feature = "tracing"))]
            Origin::Renamed(site) => return site.code_attributes(),
        }
        vec![
            KeyValue::new(function, format!("{}::{}", self.module, self.function)),
            KeyValue::new(file, self.location.file()),
            KeyValue::new(line, self.location.line()),
        ]
    }

    /// 0 before the first call.
    #[inline(always)]
    pub(crate) fn id(&self) -> u32 {
        self.state.load(Relaxed) & MAX_ID
    }
}
