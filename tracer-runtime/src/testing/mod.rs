//! Reading traces in tests.

#[cfg(feature = "enable")]
mod capture;
#[cfg(not(feature = "enable"))]
#[path = "off.rs"]
mod capture;
mod span;

pub use capture::{Capture, capture};
pub use span::{CapturedEvent, CapturedSpan};

pub use crate::record::EventKind;
