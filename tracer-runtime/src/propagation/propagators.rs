//! Several formats in their order, and those of the process.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::found::Found;
use super::members::{self, Members};
use super::outgoing::Outgoing;
#[cfg(feature = "tower")]
use super::request;
use super::{
    Extract, Inject, Propagator, b3, baggage_header, jaeger, kitex, kitex_otel, kratos, w3c,
};
use crate::context::Remote;

/// Formats in their order: the first that finds a parent is believed; all of them are written.
///
/// The process has its own, by [`Builder::with_propagators`](crate::Builder::with_propagators) or `OTEL_PROPAGATORS`;
/// this is for a connection that speaks something else.
///
/// ```
/// use std::collections::HashMap;
/// use tracer_runtime::propagation::{Propagator, Propagators};
///
/// let zipkin = Propagators::new([Propagator::B3]);
/// let headers = HashMap::from([("b3".to_owned(), "e457b5a2e4d86bd1-05e3ac9a4f6e3b90-1".to_owned())]);
/// let remote = zipkin.extract(&headers).expect("it is well-formed");
/// assert_eq!(remote.trace_id.to_string(), "0000000000000000e457b5a2e4d86bd1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Propagators {
    formats: Cow<'static, [Propagator]>,
    /// Several of them would look through a whole carrier.
    looks_ahead: bool,
    /// They are [`STANDARD`].
    #[cfg(feature = "tower")]
    are_standard: bool,
}

/// Where the current context is written to.
pub(super) enum Place<'a> {
    Carrier(&'a mut dyn Inject),
    #[cfg(feature = "tower")]
    Request(&'a mut http::HeaderMap),
}

static STANDARD: Propagators = Propagators {
    formats: Cow::Borrowed(&[Propagator::TraceContext, Propagator::Baggage]),
    looks_ahead: false,
    #[cfg(feature = "tower")]
    are_standard: true,
};

static CHOSEN: OnceLock<Propagators> = OnceLock::new();
static SERVICE_NAME: OnceLock<Box<str>> = OnceLock::new();
static SERVICE_NAMESPACE: OnceLock<Box<str>> = OnceLock::new();
static ENVIRONMENT: OnceLock<Box<str>> = OnceLock::new();

/// What the process has been told to use.
pub(crate) fn choose(
    propagators: Option<Propagators>,
    service_name: Option<&str>,
    service_namespace: Option<&str>,
    environment: Option<&str>,
) {
    if let Some(propagators) = propagators {
        let _ = CHOSEN.set(propagators);
    }
    if let Some(name) = service_name {
        let _ = SERVICE_NAME.set(name.into());
    }
    if let Some(namespace) = service_namespace {
        let _ = SERVICE_NAMESPACE.set(namespace.into());
    }
    if let Some(environment) = environment {
        let _ = ENVIRONMENT.set(environment.into());
    }
}

/// `service.name`, from `init` on.
pub(super) fn own_service_name() -> Option<&'static str> {
    SERVICE_NAME.get().map(|name| &**name)
}

/// `service.namespace`, from `init` on.
pub(super) fn own_service_namespace() -> Option<&'static str> {
    SERVICE_NAMESPACE.get().map(|namespace| &**namespace)
}

/// The deployment environment, from `init` on.
pub(super) fn own_environment() -> Option<&'static str> {
    ENVIRONMENT.get().map(|environment| &**environment)
}

impl Default for Propagators {
    /// W3C trace context and baggage.
    fn default() -> Self {
        STANDARD.clone()
    }
}

impl Propagators {
    /// These, in this order.
    pub fn new(propagators: impl IntoIterator<Item = Propagator>) -> Self {
        let formats: Cow<'static, [Propagator]> = propagators.into_iter().collect();
        Self {
            looks_ahead: members::are_asked_for(&formats),
            #[cfg(feature = "tower")]
            are_standard: formats == STANDARD.formats,
            formats,
        }
    }

    /// Those of the process: W3C trace context and baggage unless said.
    #[must_use]
    pub fn current() -> &'static Self {
        CHOSEN.get().unwrap_or(&STANDARD)
    }

    /// What the carrier brings.
    pub fn extract<C: Extract + ?Sized>(&self, carrier: &C) -> Option<Remote> {
        let mut remote = None;
        self.read(&carrier, &mut remote);
        remote
    }

    /// Writes the current context; nothing where no span runs.
    pub fn inject<C: Inject + ?Sized>(&self, mut carrier: &mut C) {
        self.write_current(Place::Carrier(&mut carrier));
    }

    /// Writes what came, as it came: for whoever passes calls on without a span of its own.
    pub fn forward<C: Inject + ?Sized>(&self, remote: &Remote, mut carrier: &mut C) {
        self.write(&Outgoing::forwarded(remote), &mut carrier);
    }

    fn read(&self, carrier: &dyn Extract, remote: &mut Option<Remote>) {
        let mut found = Found::in_place(remote);
        let collected;
        let members: &dyn Extract = match self.looks_ahead {
            true => {
                collected = Members::of(carrier);
                &collected
            }
            false => carrier,
        };
        for propagator in self.formats.iter() {
            let has_no_parent = !found.has_parent();
            match propagator {
                Propagator::TraceContext if has_no_parent => w3c::read(carrier, &mut found),
                Propagator::B3 | Propagator::B3Multi if has_no_parent => {
                    b3::read(carrier, &mut found);
                }
                Propagator::TraceContext | Propagator::B3 | Propagator::B3Multi => {}
                Propagator::Baggage => baggage_header::read(carrier, &mut found),
                Propagator::Jaeger => {
                    if has_no_parent {
                        jaeger::read(carrier, &mut found);
                    }
                    jaeger::read_baggage(members, &mut found);
                }
                Propagator::Kitex | Propagator::KitexTtheader => kitex::read(members, &mut found),
                Propagator::KitexOtel => kitex_otel::read(carrier, &mut found),
                Propagator::Kratos => kratos::read(members, &mut found),
                #[cfg(feature = "opentelemetry")]
                Propagator::OpenTelemetry(foreign) => foreign.read(carrier, &mut found),
            }
        }
        found.finish();
    }

    /// One piece of code for all places, so that the context is read within it and not through another function.
    #[inline(never)]
    pub(super) fn write_current(&self, place: Place<'_>) {
        let Some(current) = Outgoing::current() else {
            return;
        };
        match place {
            Place::Carrier(carrier) => self.write(&current, carrier),
            #[cfg(feature = "tower")]
            Place::Request(headers) => request::write(self, &current, headers),
        }
    }

    /// Whether they are W3C trace context and baggage.
    #[cfg(feature = "tower")]
    pub(super) const fn are_standard(&self) -> bool {
        self.are_standard
    }

    pub(super) fn write(&self, outgoing: &Outgoing, carrier: &mut dyn Inject) {
        let is_valid = outgoing.is_valid();
        for propagator in self.formats.iter() {
            match propagator {
                Propagator::TraceContext if is_valid => w3c::write(outgoing, carrier),
                Propagator::TraceContext => {}
                Propagator::Baggage => baggage_header::write(outgoing, carrier),
                Propagator::B3 => b3::write_single(outgoing, carrier),
                Propagator::B3Multi => b3::write_several(outgoing, carrier),
                Propagator::Jaeger => {
                    if is_valid {
                        jaeger::write(outgoing, carrier);
                    }
                    jaeger::write_baggage(outgoing, carrier);
                }
                Propagator::Kitex => kitex::write(outgoing, carrier),
                Propagator::KitexOtel => kitex_otel::write(outgoing, carrier),
                Propagator::KitexTtheader => kitex::write_ttheader(outgoing, carrier),
                Propagator::Kratos => kratos::write(outgoing, carrier),
                #[cfg(feature = "opentelemetry")]
                Propagator::OpenTelemetry(foreign) => foreign.write(outgoing, carrier),
            }
        }
    }
}

/// What the carrier brings, by the process's [`Propagators`]; nothing where it brings nothing that they can read.
///
/// What is malformed is left out and counted in `tracer_propagation_errors_total{format,reason}`.
///
/// ```
/// use std::collections::HashMap;
/// use tracer_runtime::propagation::extract;
///
/// let mut headers = HashMap::new();
/// headers.insert("traceparent".to_owned(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
/// let remote = extract(&headers).expect("it is well-formed");
/// assert_eq!(remote.trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
/// ```
pub fn extract<C: Extract + ?Sized>(carrier: &C) -> Option<Remote> {
    Propagators::current().extract(carrier)
}

/// Writes the current context into the carrier, by the process's [`Propagators`]; nothing where no span runs.
///
/// A trace that is not sampled is written too, and says so.
pub fn inject<C: Inject + ?Sized>(carrier: &mut C) {
    Propagators::current().inject(carrier);
}
