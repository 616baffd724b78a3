//! Percent-encoding of values, <https://www.rfc-editor.org/rfc/rfc3986#section-2.1>.

use std::borrow::Cow;

use super::hex;

/// What is not valid UTF-8 becomes U+FFFD; a percent sign without two digits is one.
pub(super) fn decoded(value: &[u8]) -> Cow<'_, str> {
    if !value.contains(&b'%') {
        return String::from_utf8_lossy(value);
    }
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let escaped = match (byte, after) {
            (b'%', [high, low, ..]) => hex::digit(*high).zip(hex::digit(*low)),
            _ => None,
        };
        decoded.push(match escaped {
            Some((high, low)) => {
                rest = &after[2..];
                (high << 4) | low
            }
            None => byte,
        });
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

/// Appends the value with all escaped that a `baggage-octet` is not, and the percent sign.
pub(super) fn encode(value: &str, text: &mut String) {
    for byte in value.bytes() {
        if is_baggage_octet(byte) && byte != b'%' {
            text.push(char::from(byte));
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            text.push('%');
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

/// <https://www.w3.org/TR/baggage/#value>
pub(super) const fn is_baggage_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

/// What names are made of, <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2>.
pub(super) fn is_token(name: &[u8]) -> bool {
    let in_token = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
    !name.is_empty() && name.iter().all(in_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for value in ["", "plain", "a b,c;d\"e\\f%", "Größe €", "\0\n"] {
            let mut text = String::new();
            encode(value, &mut text);
            assert!(text.bytes().all(is_baggage_octet), "{text}");
            assert_eq!(decoded(text.as_bytes()), value);
        }
        assert_eq!(
            decoded(b"100%, %4, %zz, %41, %c3"),
            "100%, %4, %zz, A, \u{fffd}"
        );
    }
}
