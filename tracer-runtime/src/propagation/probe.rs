//! Finds the carrier among a function's parameters by type: an inherent method where the type is a carrier, a trait's
//! everywhere else.

use super::{Extract, Inject, extract, inject};
use crate::context::Remote;

/// A parameter that context may come in with.
#[derive(Debug)]
pub struct Carrier<'a, T: ?Sized>(pub &'a T);

/// A parameter that context may go out with.
#[derive(Debug)]
pub struct CarrierMut<'a, T: ?Sized>(pub &'a mut T);

impl<T: Extract + ?Sized> Carrier<'_, T> {
    /// The caller's context.
    pub fn __traced_incoming(&self) -> Option<Remote> {
        extract(self.0)
    }
}

impl<T: Inject + ?Sized> CarrierMut<'_, T> {
    /// Writes the current context.
    pub fn __traced_outgoing(&mut self) {
        inject(self.0);
    }
}

/// Any other type brings nothing.
pub trait NotACarrier {
    /// Nothing.
    fn __traced_incoming(&self) -> Option<Remote> {
        None
    }

    /// Nothing.
    fn __traced_outgoing(&mut self) {}
}

impl<T: ?Sized> NotACarrier for Carrier<'_, T> {}
impl<T: ?Sized> NotACarrier for CarrierMut<'_, T> {}
