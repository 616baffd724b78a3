//! The `tracestate` header, <https://www.w3.org/TR/trace-context-2/#tracestate-header>: checked and passed on as it
//! came.

use std::sync::Arc;

pub(super) const HEADER: &str = "tracestate";

const MAX_MEMBERS: usize = 32;
const MAX_KEY_BYTES: usize = 256;
const MAX_VALUE_BYTES: usize = 256;

/// The headers as one list, or nothing when any member is malformed or there are too many.
pub(super) fn combine(headers: &[&str]) -> Option<Arc<str>> {
    let members: Vec<&str> = headers
        .iter()
        .flat_map(|header| header.split(','))
        .map(|member| member.trim_matches([' ', '\t']))
        .filter(|member| !member.is_empty())
        .collect();
    let keys: Option<Vec<&str>> = members.iter().map(|member| key_of(member)).collect();
    let mut keys = keys?;
    keys.sort_unstable();
    let repeated = keys.windows(2).any(|pair| pair[0] == pair[1]);
    let good = !members.is_empty() && members.len() <= MAX_MEMBERS && !repeated;
    good.then(|| members.join(",").into())
}

/// The key of a well-formed member.
fn key_of(member: &str) -> Option<&str> {
    let (key, value) = member.split_once('=')?;
    (is_key(key) && is_value(value)).then_some(key)
}

/// Level 2: a lower-case letter or digit, then letters, digits and `_-*/@`.
fn is_key(key: &str) -> bool {
    let first = key
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let rest = key
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-*/@".contains(&b));
    first && rest && key.len() <= MAX_KEY_BYTES
}

/// Printable ASCII without `,` and `=`, not ending in a space.
fn is_value(value: &str) -> bool {
    let printable = value
        .bytes()
        .all(|b| (0x20..=0x7e).contains(&b) && b != b',' && b != b'=');
    printable && !value.is_empty() && !value.ends_with(' ') && value.len() <= MAX_VALUE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(header: &str) -> Option<String> {
        combine(&[header]).map(|state| state.to_string())
    }

    #[test]
    fn several_headers_are_one_list_in_their_order() {
        assert_eq!(
            combine(&["foo=1", "", "bar=2, baz=3"]).as_deref(),
            Some("foo=1,bar=2,baz=3")
        );
    }

    #[test]
    fn keys_of_level_two_are_taken() {
        for key in ["foo@", "foo@@bar", "foo@bar@baz", "0a", "a*/_-"] {
            assert_eq!(one(&format!("{key}=1")), Some(format!("{key}=1")));
        }
        assert!(one(&format!("{}=1", "a".repeat(256))).is_some());
    }

    #[test]
    fn one_bad_member_discards_the_list() {
        let long = format!("{}=1", "a".repeat(257));
        for bad in [
            "@foo=1",
            "FOO=1",
            "foo.bar=1",
            "foo =1",
            "foo=bar=baz",
            "foo=",
            "foo",
            "a=1,a=2",
            long.as_str(),
        ] {
            assert_eq!(one(&format!("ok=1,{bad}")), None, "{bad}");
        }
        let many: Vec<String> = (0..33).map(|i| format!("k{i}=1")).collect();
        assert_eq!(one(&many.join(",")), None);
        assert!(one(&many[..32].join(",")).is_some());
    }
}
