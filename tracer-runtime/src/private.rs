//! What the expansion of the macros names. Not part of the public API.

pub use core;
pub use std::boxed::Box;
pub use std::vec::Vec;

pub use crate::callsite::{Callsite, Level, SpanKind};
pub use crate::propagation::probe as carrier;
pub use crate::record::{CallOutcome, EventKind, Failure};
pub use crate::span::describe::{AlwaysOk, Describe};
pub use crate::span::future::{Traced, traced, traced_at, traced_with};
pub use crate::span::guard::{Guard, enter, enter_at};
pub use crate::span::inside::{add_event, attribute, recording};
pub use crate::span::named::Span;
pub use crate::span::start::{Parent, Start};
pub use crate::value::{KeyValue, Value};
