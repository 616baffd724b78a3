//! Header values without an allocation each: pieces of a buffer of the thread. A buffer is used again when nobody holds a
//! piece of it any more; there are some, as values live for a while.

use std::cell::RefCell;

use bytes::{Bytes, BytesMut};
use http::HeaderValue;

#[cfg(feature = "tower")]
use super::traceparent::Text;

/// Bytes of a buffer: what a value that is kept for long keeps with it.
const BUFFER: usize = 1024;
/// A longer value has an allocation of its own.
const LONGEST: usize = BUFFER / 8;
const BUFFERS: usize = 4;

struct Store {
    current: BytesMut,
    /// Full ones, the oldest first.
    full: [BytesMut; BUFFERS - 1],
}

thread_local! {
    static STORE: RefCell<Option<Store>> = const { RefCell::new(None) };
}

/// `None` where HTTP does not allow it.
#[allow(unsafe_code, reason = "the check of `http` goes byte by byte")]
pub(super) fn header_value(value: &str) -> Option<HeaderValue> {
    let value = value.as_bytes();
    if !is_valid(value) {
        return None;
    }
    // SAFETY: `is_valid` has seen all of its bytes, of which this is a copy.
    Some(unsafe { HeaderValue::from_maybe_shared_unchecked(copied(value)) })
}

/// A value that is ASCII.
#[cfg(feature = "tower")]
#[allow(unsafe_code, reason = "the check of `http` goes byte by byte")]
pub(super) fn traceparent(text: &Text) -> HeaderValue {
    let copied = copied(text.as_str().as_bytes());
    // SAFETY: a `Text` is dashes and hexadecimal digits.
    unsafe { HeaderValue::from_maybe_shared_unchecked(copied) }
}

/// As `HeaderValue` has it: no control characters but the tab. Looks at all bytes, so that it looks at many at a time.
fn is_valid(value: &[u8]) -> bool {
    let bad = |b: u8| (b < 0x20 && b != b'\t') || b == 0x7f;
    !value.iter().fold(false, |any, &b| any | bad(b))
}

#[inline(never)]
fn copied(value: &[u8]) -> Bytes {
    let piece = match value.len() {
        0..=LONGEST => piece(value),
        _ => None,
    };
    piece.unwrap_or_else(|| Bytes::copy_from_slice(value))
}

fn piece(value: &[u8]) -> Option<Bytes> {
    let piece = STORE.try_with(|store| {
        let mut store = store.try_borrow_mut().ok()?;
        let store = store.get_or_insert_with(|| Store {
            current: BytesMut::new(),
            full: std::array::from_fn(|_| BytesMut::new()),
        });
        if store.current.capacity() < value.len() {
            store.turn();
        }
        store.current.extend_from_slice(value);
        Some(store.current.split().freeze())
    });
    piece.ok().flatten()
}

impl Store {
    /// The oldest full buffer becomes the current one: with its own memory, where it is free.
    #[cold]
    fn turn(&mut self) {
        self.full.rotate_left(1);
        if let Some(oldest) = self.full.last_mut() {
            std::mem::swap(oldest, &mut self.current);
        }
        self.current.reserve(BUFFER);
    }
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
    }

    #[test]
    fn what_is_valid_is_what_http_says() {
        for byte in 0..=255 {
            let value = [b'a', byte, b'b'];
            assert_eq!(
                is_valid(&value),
                HeaderValue::from_bytes(&value).is_ok(),
                "{byte:#x}"
            );
        }
        assert_eq!(header_value("two\nlines"), None);
    }

    #[test]
    fn a_buffer_that_nobody_holds_is_used_again() {
        let mut places = std::collections::BTreeSet::new();
        let mut last = None;
        for _ in 0..10 * BUFFERS * BUFFER / 64 {
            // As a header does: it lives until the next one takes its place.
            last = header_value(&"x".repeat(64));
            places.insert(
                last.as_ref()
                    .map(|value| value.as_bytes().as_ptr() as usize),
            );
        }
        assert!(last.is_some());
        assert_eq!(places.len(), BUFFERS * BUFFER / 64);
    }
}
