//! `#[instrument]` on functions of every shape.

use tracer_runtime::instrument;

/// No arguments.
#[instrument]
pub fn plain(number: u32) -> u32 {
    number
}

/// What `tracing` knows too.
///
/// # Errors
///
/// Where there is no such order.
#[instrument(name = "order", level = "debug", target = "shop", skip(card), fields(len = card.len(), later), err, ret(Display))]
pub fn order(number: u32, card: &str) -> Result<u32, String> {
    match number {
        0 => Err(format!("no order for {card}")),
        number => Ok(number),
    }
}

/// A future.
#[instrument(skip_all)]
pub async fn later(number: u32) -> u32 {
    number
}

/// What only we know.
#[cfg(not(all(feature = "tracing", not(feature = "enable"))))]
#[instrument(skip_all, kind = consumer, error_if = is_negative, metrics = off)]
#[must_use]
pub fn checked(number: i32) -> i32 {
    number
}

/// `tracing` would pass over it with a warning.
#[cfg(all(feature = "tracing", not(feature = "enable")))]
#[instrument(skip_all)]
#[must_use]
pub fn checked(number: i32) -> i32 {
    number
}

/// What makes it an error. Public, as without `enable` nothing names it.
#[must_use]
pub fn is_negative(number: &i32) -> bool {
    *number < 0
}
