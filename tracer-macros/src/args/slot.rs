//! One argument: given at most once, and remembered with its keyword.

use proc_macro2::Span;
use syn::{Error, Ident};

/// The value of an argument and the keyword that set it.
pub(crate) struct Slot<T>(Option<(Ident, T)>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Clone> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Slot<T> {
    /// # Errors
    ///
    /// When it is set already, at the second keyword.
    pub(crate) fn set(&mut self, key: &Ident, value: T) -> syn::Result<()> {
        if self.0.is_some() {
            return Err(Error::new(key.span(), format!("`{key}` is given twice")));
        }
        self.0 = Some((key.clone(), value));
        Ok(())
    }

    /// Sets it in the place of whatever it was, as nobody wrote it.
    pub(crate) fn put(&mut self, value: T) {
        self.0 = Some((Ident::new("instrument", Span::mixed_site()), value));
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn key(&self) -> Option<&Ident> {
        self.0.as_ref().map(|(key, _)| key)
    }

    /// This one, or else the one of the enclosing `impl` or `mod`.
    pub(crate) fn or(&mut self, outer: &Self)
    where
        T: Clone,
    {
        if self.0.is_none() {
            self.0.clone_from(&outer.0);
        }
    }
}
