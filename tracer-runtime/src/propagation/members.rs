//! Which formats with a header a member a carrier has anything of: asked once, so that a long carrier is not looked
//! through once a format.

use super::{Extract, Propagator};

/// What is there, as far as somebody wants to know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Members {
    pub(super) jaeger: bool,
    pub(super) kitex: bool,
    pub(super) kratos: bool,
}

impl Members {
    /// Nobody has looked.
    pub(super) const UNKNOWN: Self = Self {
        jaeger: true,
        kitex: true,
        kratos: true,
    };

    pub(super) fn of(carrier: &dyn Extract) -> Self {
        let mut members = Self {
            jaeger: false,
            kitex: false,
            kratos: false,
        };
        // Their names are told apart by the first letter.
        carrier.for_each(&mut |name, _| match name.as_bytes() {
            [b'u' | b'U', ..] => members.jaeger = true,
            [b'r' | b'R' | b's' | b'S', ..] => members.kitex = true,
            [b'x' | b'X', ..] => members.kratos = true,
            _ => {}
        });
        members
    }
}

/// Whether several formats would look through the whole carrier.
pub(super) fn are_asked_for(formats: &[Propagator]) -> bool {
    formats
        .iter()
        .filter(|format| asks(format))
        .nth(1)
        .is_some()
}

const fn asks(format: &Propagator) -> bool {
    matches!(
        format,
        Propagator::Jaeger | Propagator::Kitex | Propagator::KitexTtheader | Propagator::Kratos
    )
}
