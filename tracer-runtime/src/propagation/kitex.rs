//! Kitex' metainfo: `rpc-persist-*` goes to every service below, `rpc-transit-*` to the next one and no further; as
//! `RPC_PERSIST_*` and `RPC_TRANSIT_*` where the transport is TTHeader.
//!
//! <https://www.cloudwego.io/docs/kitex/tutorials/advanced-feature/metainfo/>

use super::errors::{Format, Reason, count};
use super::found::Found;
use super::jaeger::strip_prefix;
use super::outgoing::Outgoing;
use super::percent::is_token;
use super::propagators::own_service_name;
use super::{Extract, Inject};
use crate::baggage::{Member, Reach};

const PERSIST: &str = "RPC_PERSIST_";
pub(super) const TRANSIT: &str = "RPC_TRANSIT_";
const HTTP_PERSIST: &str = "rpc-persist-";
pub(super) const HTTP_TRANSIT: &str = "rpc-transit-";
/// The caller, in what it sends over gRPC.
pub(super) const CALLER: &str = "source-service";

/// Both spellings, whatever the transport. In HTTP a key is in lower case and has dashes: it becomes what it was.
#[inline(never)]
pub(super) fn read(carrier: &dyn Extract, found: &mut Found<'_>) {
    carrier.for_each(&mut |name, value| {
        if !matches!(name.as_bytes(), [b'r' | b'R' | b's' | b'S', ..]) {
            return;
        }
        if name.eq_ignore_ascii_case(CALLER) {
            found.set_peer_service(Format::Kitex, value);
            return;
        }
        if found.has_too_many() {
            return;
        }
        let Some((key, reach, from_http)) = key(name) else {
            return;
        };
        if !found.takes_another(Format::Kitex) {
            return;
        }
        match std::str::from_utf8(value) {
            Ok(value) if from_http => {
                let key = key.to_ascii_uppercase().replace('-', "_");
                add(found, &key, value, reach);
            }
            Ok(value) => add(found, key, value, reach),
            Err(_) => count(Format::Kitex, Reason::NotText),
        }
    });
}

/// The key of a member, how far it goes, and whether it has the spelling of HTTP.
pub(super) fn key(name: &str) -> Option<(&str, Reach, bool)> {
    if let Some(key) = name.strip_prefix(PERSIST) {
        Some((key, Reach::All, false))
    } else if let Some(key) = name.strip_prefix(TRANSIT) {
        Some((key, Reach::Arrived, false))
    } else if let Some(key) = strip_prefix(name, HTTP_PERSIST) {
        Some((key, Reach::All, true))
    } else {
        strip_prefix(name, HTTP_TRANSIT).map(|key| (key, Reach::Arrived, true))
    }
}

/// Kitex knows no empty keys and values.
fn add(found: &mut Found<'_>, key: &str, value: &str, reach: Reach) {
    if !key.is_empty() && !value.is_empty() {
        found.add_member(Format::Kitex, key, value, reach);
    }
}

/// In the spelling of HTTP headers and gRPC metadata.
#[inline(never)]
pub(super) fn write(outgoing: &Outgoing, carrier: &mut dyn Inject) {
    if let Some(name) = own_service_name() {
        carrier.set(CALLER, name);
    }
    write_as(outgoing, |member, prefix| {
        let key = member.key.to_ascii_lowercase().replace('_', "-");
        let is_writable =
            is_token(key.as_bytes()) && !member.value.bytes().any(|b| b.is_ascii_control());
        if is_writable {
            let prefix = if prefix == PERSIST {
                HTTP_PERSIST
            } else {
                HTTP_TRANSIT
            };
            carrier.set(&format!("{prefix}{key}"), member.value);
        }
        is_writable
    });
}

/// In the spelling of TTHeader.
#[inline(never)]
pub(super) fn write_ttheader(outgoing: &Outgoing, carrier: &mut dyn Inject) {
    write_as(outgoing, |member, prefix| {
        carrier.set(&format!("{prefix}{}", member.key), member.value);
        true
    });
}

fn write_as(outgoing: &Outgoing, mut write: impl FnMut(Member<'_>, &str) -> bool) {
    let members = outgoing
        .baggage()
        .into_iter()
        .flat_map(|baggage| baggage.iter());
    for member in members {
        let prefix = match member.reach {
            // Kratos' own go by their own names.
            _ if member.key.starts_with(super::kratos::PREFIX) || member.value.is_empty() => {
                continue;
            }
            Reach::All => PERSIST,
            Reach::NextHop => TRANSIT,
            Reach::Arrived => continue,
        };
        if !write(member, prefix) {
            count(Format::Kitex, Reason::Unwritable);
        }
    }
}
