//! What gRPC writes into HTTP: its name in the content type, its method in the path, its messages in the body, its status
//! in the headers or the trailers.
//!
//! <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::record::Failure;
use crate::rpc::{RpcStatus, parse_name};

// Ready to be looked up.
static STATUS: HeaderName = HeaderName::from_static("grpc-status");
static MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Whether this is gRPC over HTTP/2. Not gRPC-Web, whose trailers are in the body.
pub(super) fn is_grpc(content_type: Option<&HeaderValue>) -> bool {
    let Some(content_type) = content_type else {
        return false;
    };
    let rest = content_type.as_bytes().strip_prefix(b"application/grpc");
    matches!(rest, Some([] | [b'+' | b';', ..]))
}

/// Package, service and method of `/package.Service/Method`.
pub(super) fn parse_path(path: &str) -> Option<(&str, &str, &str)> {
    parse_name(path.strip_prefix('/')?)
}

/// What `grpc-timeout` says.
pub(super) fn timeout(header: Option<&HeaderValue>) -> Option<Duration> {
    let text = header?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let amount: u64 = digits.parse().ok().filter(|_| digits.len() <= 8)?;
    Some(match unit {
        "H" => Duration::from_secs(amount * 3600),
        "M" => Duration::from_secs(amount * 60),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    })
}

/// The status, where these headers or trailers have one, and what it says.
pub(super) fn status(headers: &HeaderMap) -> Option<(RpcStatus, Option<String>)> {
    let code = value_of(headers, &STATUS)?;
    match code.as_bytes() {
        // What went well has nothing to say.
        b"0" => Some((RpcStatus::Grpc(0), None)),
        _ => Some(status_of(code, headers)),
    }
}

#[cold]
#[inline(never)]
fn status_of(code: &HeaderValue, headers: &HeaderMap) -> (RpcStatus, Option<String>) {
    // Beyond the known codes is unknown.
    let code = code
        .to_str()
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(2);
    let message = (code != 0).then(|| headers.get(&MESSAGE)).flatten();
    let message = message.map(decode).filter(|text| !text.is_empty());
    (RpcStatus::Grpc(code), message)
}

/// To hash a name takes longer than to look at a few.
fn value_of<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    if headers.len() > 4 {
        return headers.get(name);
    }
    let name = name.as_str();
    let found = headers.iter().find(|(known, _)| known.as_str() == name);
    found.map(|(_, value)| value)
}

/// The failure that a status stands for.
pub(super) fn failure(status: RpcStatus, message: Option<String>) -> Failure {
    Failure {
        error_type: status.as_text(),
        message: message.map(crate::span::inside::cut),
        chain: Vec::new(),
    }
}

/// Percent-encoded UTF-8.
fn decode(value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, ..] => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                decoded.push(high << 4 | low);
                rest = &rest[3..];
            }
            None => {
                decoded.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// Finds the messages in a body: each is a flag, four bytes of length, and that many bytes.
#[derive(Debug, Default)]
pub(super) struct Framing {
    prefix: [u8; 5],
    /// Bytes of the prefix that are there.
    have: u8,
    /// Bytes of the message that are still to come.
    left: u32,
    length: u32,
}

impl Framing {
    fn begin(&mut self, prefix: [u8; 5]) {
        let [_flag, length @ ..] = prefix;
        self.have = prefix.len() as u8;
        self.length = u32::from_be_bytes(length);
        self.left = self.length;
    }

    /// The length of the message that this part of the body is, no more and no less.
    #[inline]
    pub(super) fn whole(&self, data: &[u8]) -> Option<u64> {
        let ([_flag, length @ ..], message) = data.split_first_chunk::<5>()?;
        let length = u32::from_be_bytes(*length);
        (self.have == 0 && message.len() == length as usize).then_some(length.into())
    }

    /// Goes on through the body; tells of each message that is complete by now, with its length.
    #[inline(never)]
    pub(super) fn read(&mut self, mut data: &[u8], complete: &mut dyn FnMut(u64)) {
        while !data.is_empty() {
            let have = usize::from(self.have);
            if have == 0
                && let Some((prefix, rest)) = data.split_first_chunk()
            {
                data = rest;
                self.begin(*prefix);
            } else if let Some(missing) = self.prefix.get_mut(have..).filter(|m| !m.is_empty()) {
                let some = missing.len().min(data.len());
                let (prefix, rest) = data.split_at(some);
                missing[..some].copy_from_slice(prefix);
                data = rest;
                self.have += some as u8;
                if have + some < self.prefix.len() {
                    return;
                }
                self.begin(self.prefix);
            }
            let part = (self.left as usize).min(data.len());
            self.left -= part as u32;
            data = &data[part..];
            if self.left == 0 {
                complete(self.length.into());
                self.have = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(length: usize) -> Vec<u8> {
        let mut all = vec![0];
        all.extend((length as u32).to_be_bytes());
        all.resize(5 + length, 7);
        all
    }

    #[test]
    fn messages_are_found_however_the_body_is_cut() {
        let lengths = [3, 0, 300, 1];
        let body: Vec<u8> = lengths.iter().flat_map(|&length| message(length)).collect();
        for size in 1..=body.len() {
            let (mut framing, mut found) = (Framing::default(), Vec::new());
            for part in body.chunks(size) {
                let mut complete = |length: u64| found.push(length as usize);
                match framing.whole(part) {
                    Some(length) => complete(length),
                    None => framing.read(part, &mut complete),
                }
            }
            assert_eq!(found, lengths, "in parts of {size}");
        }
    }

    #[test]
    fn a_path_names_package_service_and_method() {
        assert_eq!(
            parse_path("/shop.v1.Stock/Reserve"),
            Some(("shop.v1", "Stock", "Reserve"))
        );
        assert_eq!(parse_path("/Stock/Reserve"), Some(("", "Stock", "Reserve")));
        for wrong in ["", "/", "/Stock", "/Stock/", "//Reserve", "Stock/Reserve"] {
            assert_eq!(parse_path(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_grpc_itself_is_grpc() {
        for (content_type, expected) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("application/grpc; charset=utf-8", true),
            ("application/grpc-web+proto", false),
            ("application/json", false),
        ] {
            let header = HeaderValue::from_static(content_type);
            assert_eq!(is_grpc(Some(&header)), expected, "{content_type}");
        }
        assert!(!is_grpc(None));
    }

    #[test]
    fn a_timeout_is_a_number_of_at_most_eight_digits_and_a_unit() {
        let read = |text| timeout(Some(&HeaderValue::from_static(text)));
        assert_eq!(read("100m"), Some(Duration::from_millis(100)));
        assert_eq!(read("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(read("99999999S"), Some(Duration::from_secs(99_999_999)));
        for wrong in ["", "m", "1", "100x", "123456789S", "-1S", "1\u{20}S"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_status_message_is_percent_encoded() {
        let mut headers = HeaderMap::new();
        assert_eq!(status(&headers), None);
        headers.insert("grpc-status", HeaderValue::from_static("5"));
        headers.insert(
            "grpc-message",
            HeaderValue::from_static("100%25 aus %c3%bc %zz"),
        );
        let expected = (RpcStatus::Grpc(5), Some("100% aus ü %zz".to_owned()));
        assert_eq!(status(&headers), Some(expected));
        headers.insert("grpc-status", HeaderValue::from_static("many"));
        assert_eq!(
            status(&headers).map(|(status, _)| status),
            Some(RpcStatus::Grpc(2))
        );
    }
}
