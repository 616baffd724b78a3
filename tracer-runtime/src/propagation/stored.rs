//! Header values without an allocation each: pieces of a buffer of the thread, which is used again when nobody holds a
//! piece of it any more.

use std::cell::RefCell;

use bytes::{Bytes, BytesMut};
use http::HeaderValue;

/// Bytes of a buffer: what a value that is kept for long keeps with it.
const BUFFER: usize = 1024;
/// A longer value has an allocation of its own.
const LONGEST: usize = BUFFER / 8;

thread_local! {
    static SPARE: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

/// `None` where HTTP does not allow it.
pub(super) fn header_value(value: &str) -> Option<HeaderValue> {
    let bytes = match value.len() {
        0..=LONGEST => piece(value.as_bytes()),
        _ => None,
    };
    let bytes = bytes.unwrap_or_else(|| Bytes::copy_from_slice(value.as_bytes()));
    HeaderValue::from_maybe_shared(bytes).ok()
}

fn piece(value: &[u8]) -> Option<Bytes> {
    let piece = SPARE.try_with(|spare| {
        let mut spare = spare.try_borrow_mut().ok()?;
        if spare.capacity() < value.len() {
            // Takes the buffer back where it is free.
            spare.reserve(BUFFER);
        }
        spare.extend_from_slice(value);
        Some(spare.split().freeze())
    });
    piece.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_held_keep_their_text() {
        let texts = (0..200).map(|i| format!("value {i} {}", "x".repeat(i)));
        let held: Vec<_> = texts.map(|text| (header_value(&text), text)).collect();
        for (value, text) in held {
            assert_eq!(value.expect("it is text").as_bytes(), text.as_bytes());
        }
        assert_eq!(header_value("two\nlines"), None);
    }

    #[test]
    fn a_buffer_that_nobody_holds_is_used_again() {
        let address = |value: &HeaderValue| value.as_bytes().as_ptr() as usize;
        let places = || {
            let values = (0..BUFFER / 64).map(|_| header_value(&"x".repeat(64)));
            let first = values.map(|value| address(&value.expect("it is text")));
            first.min()
        };
        places();
        assert_eq!(places(), places());
    }
}
