//! The formats by name.

/// A format in which context travels between services.
///
/// The names in parentheses are those of `OTEL_PROPAGATORS`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Propagator {
    /// W3C trace context level 2 (`tracecontext`), <https://www.w3.org/TR/trace-context-2/>.
    TraceContext,
    /// W3C baggage (`baggage`), <https://www.w3.org/TR/baggage/>.
    Baggage,
    /// B3 in one header (`b3`), <https://github.com/openzipkin/b3-propagation>. Reads the other kind as well.
    B3,
    /// B3 in several headers (`b3multi`). Reads the other kind as well.
    B3Multi,
    /// `uber-trace-id`, and baggage in `uberctx-*` (`jaeger`).
    Jaeger,
    /// Kitex' metainfo in HTTP headers and gRPC metadata (`kitex`): `rpc-persist-*` is baggage, `rpc-transit-*` goes to
    /// the next service and no further. It brings no trace; put it behind a format that does, which for Kitex as it
    /// comes is [`Self::KitexOtel`].
    Kitex,
    /// W3C trace context and baggage where Kitex' OpenTelemetry suite has them (`kitex-otel`): in metainfo, as
    /// `rpc-transit-traceparent` and so on, with the name and the namespace of the service that calls. Where all of its
    /// services use `WithEnableGRPCMetadata`, it is not needed.
    KitexOtel,
    /// [`Self::Kitex`] with the names that it has in TTHeader (`kitex-ttheader`): `RPC_PERSIST_*`, `RPC_TRANSIT_*`.
    KitexTtheader,
    /// Kratos' metadata (`kratos`): `x-md-global-*` is baggage, `x-md-service-name` is the service that calls. It brings
    /// no trace; put it behind a format that does.
    Kratos,
    /// One of OpenTelemetry's; see [`Propagator::opentelemetry`].
    #[cfg(feature = "opentelemetry")]
    OpenTelemetry(super::opentelemetry::TextMap),
}

/// What `OTEL_PROPAGATORS` may say beside `none`.
const NAMES: [(&str, Propagator); 9] = [
    ("tracecontext", Propagator::TraceContext),
    ("baggage", Propagator::Baggage),
    ("b3", Propagator::B3),
    ("b3multi", Propagator::B3Multi),
    ("jaeger", Propagator::Jaeger),
    ("kitex", Propagator::Kitex),
    ("kitex-otel", Propagator::KitexOtel),
    ("kitex-ttheader", Propagator::KitexTtheader),
    ("kratos", Propagator::Kratos),
];

impl Propagator {
    /// By its name in `OTEL_PROPAGATORS`.
    ///
    /// ```
    /// use tracer_runtime::propagation::Propagator;
    ///
    /// assert_eq!(Propagator::from_name("b3"), Some(Propagator::B3));
    /// assert_eq!(Propagator::from_name("b4"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let known = NAMES.into_iter().find(|(known, _)| *known == name);
        known.map(|(_, propagator)| propagator)
    }

    /// The names that [`Self::from_name`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().map(|(name, _)| name)
    }
}
