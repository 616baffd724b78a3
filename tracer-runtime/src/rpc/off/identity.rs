//! Which call an annotated function stands for: none.

/// Says nothing.
#[derive(Debug)]
pub struct Identity(());

impl Identity {
    /// The only one.
    #[inline(always)]
    #[must_use]
    pub fn server() -> Self {
        Self(())
    }

    /// The only one.
    #[inline(always)]
    #[must_use]
    pub fn client() -> Self {
        Self(())
    }

    /// Nothing.
    #[inline(always)]
    pub fn system(&mut self, _system: &'static str) {}

    /// Nothing.
    #[inline(always)]
    pub fn service(&mut self, _service: &'static str) {}

    /// Nothing.
    #[inline(always)]
    pub fn method(&mut self, _method: &'static str) {}
}

/// A parameter that nobody asks.
#[derive(Debug)]
pub struct Identify<'a, T: ?Sized>(pub &'a T);

/// All say nothing.
pub trait SaysNothing {
    /// Says nothing.
    #[inline(always)]
    fn __traced_identify(&self, _identity: &mut Identity) {}
}

impl<T: ?Sized> SaysNothing for &Identify<'_, T> {}
