//! The `traceparent` header, <https://www.w3.org/TR/trace-context-2/#traceparent-header>.

use crate::id::{SpanId, TraceId};

pub(super) const HEADER: &str = "traceparent";

/// The ids that we make are random in all bits: level 2's random flag is always set.
const RANDOM: u8 = 2;

/// Trace, parent and flags, or nothing for anything the specification does not allow.
pub(super) fn parse(header: &str) -> Option<(TraceId, SpanId, u8)> {
    let header = header.trim_matches([' ', '\t']);
    let (head, rest) = header.as_bytes().split_at_checked(55)?;
    let mut fields = head.split(|&b| b == b'-');
    let mut field = |len: usize| fields.next().filter(|f| f.len() == len);
    let (version, trace, span, flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
    let version = hex(version)?;
    // Version 00 ends here; a later one may go on after another dash.
    let ends_well = if version == 0 {
        rest.is_empty()
    } else {
        rest.first().is_none_or(|&b| b == b'-')
    };
    if version == 0xff || !ends_well {
        return None;
    }
    let trace = TraceId([hex(&trace[..16])?, hex(&trace[16..])?]);
    let span = SpanId(hex(span)?);
    let flags = hex(flags)? as u8;
    (trace.is_valid() && span.is_valid()).then_some((trace, span, flags))
}

pub(crate) fn format(trace: TraceId, span: SpanId, sampled: bool) -> String {
    format!("00-{trace}-{span}-{:02x}", RANDOM | u8::from(sampled))
}

/// Lower-case digits only, at most 16.
fn hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |n: u64, &digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some((n << 4) | u64::from(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_formatted_is_parsed() {
        let (trace, span) = (TraceId([1, u64::MAX]), SpanId(7));
        assert_eq!(parse(&format(trace, span, true)), Some((trace, span, 3)));
        assert_eq!(parse(&format(trace, span, false)), Some((trace, span, 2)));
        assert_eq!(parse(&format!(" \t{GOOD} ")).map(|p| p.2), Some(1));
    }

    #[test]
    fn a_later_version_may_say_more_after_a_dash() {
        assert!(parse("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-will-be-like").is_some());
        assert!(parse("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").is_some());
        assert!(parse("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what").is_none());
    }

    #[test]
    fn what_the_specification_does_not_allow_is_no_parent() {
        let bad = [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-bb7ad6b7169203331-01",
            "000-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-.1",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-\u{e9}",
        ];
        for header in bad {
            assert_eq!(parse(header), None, "{header}");
        }
    }
}
