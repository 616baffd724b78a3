//! W3C trace context and baggage inside of Kitex' metainfo, where Kitex' OpenTelemetry suite reads and writes them:
//! `rpc-transit-traceparent` in place of `traceparent`; `RPC_TRANSIT_TRACEPARENT` is read as well. So are the caller's
//! `service.name`, `service.namespace` and `deployment.environment`.
//!
//! <https://github.com/kitex-contrib/obs-opentelemetry>

use super::errors::Format;
use super::found::Found;
use super::kitex::{HTTP_TRANSIT, TRANSIT};
use super::outgoing::Outgoing;
use super::propagators::{own_environment, own_service_name, own_service_namespace};
use super::{Extract, Inject, baggage_header, w3c};

const SERVICE_NAME: &str = "service.name";
const SERVICE_NAMESPACE: &str = "service.namespace";
const ENVIRONMENT: &str = "deployment.environment";

/// A carrier whose headers are what is in transit in another one.
struct Transit<C>(C);

impl Extract for Transit<&dyn Extract> {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        self.0.for_each(&mut |name, value| {
            let prefix = [HTTP_TRANSIT, TRANSIT]
                .into_iter()
                .find(|prefix| starts_with(name, prefix));
            if let Some(prefix) = prefix {
                see(&name[prefix.len()..], value);
            }
        });
    }
}

fn starts_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

impl Inject for Transit<&mut dyn Inject> {
    fn set(&mut self, name: &str, value: &str) {
        self.0.set(&format!("{HTTP_TRANSIT}{name}"), value);
    }
}

#[inline(never)]
pub(super) fn read(carrier: &dyn Extract, found: &mut Found<'_>) {
    let transit = Transit(carrier);
    if !found.has_parent() {
        w3c::read(&transit, found);
    }
    baggage_header::read(&transit, found);
    transit.for_each(&mut |name, value| {
        if name.eq_ignore_ascii_case(SERVICE_NAME) {
            found.set_peer_service(Format::Kitex, value);
        } else if name.eq_ignore_ascii_case(SERVICE_NAMESPACE) {
            found.set_peer_namespace(Format::Kitex, value);
        } else if name.eq_ignore_ascii_case(ENVIRONMENT) {
            found.set_peer_environment(Format::Kitex, value);
        }
    });
}

#[inline(never)]
pub(super) fn write(outgoing: &Outgoing, carrier: &mut dyn Inject) {
    let mut transit = Transit(carrier);
    if outgoing.is_valid() {
        w3c::write(outgoing, &mut transit);
    }
    baggage_header::write(outgoing, &mut transit);
    for (name, own) in [
        (SERVICE_NAME, own_service_name()),
        (SERVICE_NAMESPACE, own_service_namespace()),
        (ENVIRONMENT, own_environment()),
    ] {
        if let Some(own) = own {
            transit.set(name, own);
        }
    }
}
