//! Items that others see: their documentation stays, and what it shows is run. More in `tests/`.
#![deny(missing_docs)]

use tracer_runtime::traced;

/// Documented above.
///
/// ```
/// assert_eq!(tracer_tests_alone::above(1), 2);
/// ```
#[traced]
#[must_use]
pub fn above(n: u8) -> u8 {
    n + 1
}

#[traced]
/// Documented below.
///
/// ```
/// let future = tracer_tests_alone::below();
/// assert!(size_of_val(&future) <= 65);
/// ```
pub async fn below() {}

/// Documented as a whole.
#[derive(Debug)]
pub struct Type;

#[traced]
impl Type {
    /// Documented inside.
    ///
    /// ```
    /// assert_eq!(tracer_tests_alone::Type.inside("text"), Ok(4));
    /// ```
    ///
    /// # Errors
    ///
    /// For nothing.
    pub fn inside<'a>(&self, text: &'a str) -> Result<usize, &'a str> {
        match text.len() {
            0 => Err(text),
            n => Ok(n),
        }
    }
}
