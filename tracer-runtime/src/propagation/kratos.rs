//! Kratos' metadata: `x-md-service-name` names the caller, `x-md-global-*` goes to every service below, what else begins
//! with `x-md-` to the next one and no further. Keys are whole names, as Kratos has them.
//!
//! <https://go-kratos.dev/docs/component/metadata/>

use super::errors::{Format, Reason, count};
use super::found::Found;
use super::outgoing::Outgoing;
use super::percent::is_token;
use super::propagators::own_service_name;
use super::{Extract, Inject};
use crate::baggage::Reach;

pub(super) const PREFIX: &str = "x-md-";
const GLOBAL: &str = "x-md-global-";
pub(super) const SERVICE_NAME: &str = "x-md-service-name";

#[inline(never)]
pub(super) fn read(carrier: &dyn Extract, found: &mut Found<'_>) {
    carrier.for_each(&mut |name, value| {
        if !is_member(name) {
            return;
        }
        if name.eq_ignore_ascii_case(SERVICE_NAME) {
            return found.set_peer_service(Format::Kratos, value);
        }
        if !found.takes_another(Format::Kratos) {
            return;
        }
        let key = name.to_ascii_lowercase();
        let reach = if key.starts_with(GLOBAL) {
            Reach::All
        } else {
            Reach::Arrived
        };
        match std::str::from_utf8(value) {
            Ok(value) => found.add_member(Format::Kratos, &key, value, reach),
            Err(_) => count(Format::Kratos, Reason::NotText),
        }
    });
}

/// Whether it goes by one of Kratos' names.
pub(super) fn is_member(name: &str) -> bool {
    name.get(..PREFIX.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(PREFIX))
}

#[inline(never)]
pub(super) fn write(outgoing: &Outgoing, carrier: &mut dyn Inject) {
    if let Some(name) = own_service_name() {
        carrier.set(SERVICE_NAME, name);
    }
    let members = outgoing
        .baggage()
        .into_iter()
        .flat_map(|baggage| baggage.iter());
    for member in members.filter(|member| member.key.starts_with(PREFIX)) {
        let goes_on = match member.reach {
            Reach::All => member.key.starts_with(GLOBAL),
            Reach::NextHop => true,
            Reach::Arrived => false,
        };
        if !goes_on {
            continue;
        }
        if is_token(member.key.as_bytes()) && !member.value.bytes().any(|b| b.is_ascii_control()) {
            carrier.set(member.key, member.value);
        } else {
            count(Format::Kratos, Reason::Unwritable);
        }
    }
}
