//! The `traceparent` header, <https://www.w3.org/TR/trace-context-2/#traceparent-header>.

use super::hex;
use crate::context::{RANDOM, SAMPLED};
use crate::id::{SpanId, TraceId};

pub(super) const HEADER: &str = "traceparent";

/// Bytes of the header in version 00, and of what later versions begin with.
pub(super) const BYTES: usize = 55;

/// Trace, parent and the flags that we know, or nothing for anything the specification does not allow.
#[inline(always)]
pub(super) fn parse(header: &[u8]) -> Option<(TraceId, SpanId, u8)> {
    let header = trim(header);
    let (head, rest) = header.split_first_chunk::<BYTES>()?;
    if head[2] != b'-' || head[35] != b'-' || head[52] != b'-' {
        return None;
    }
    // Version 00 ends here; a later one may go on after another dash.
    let ends_well = match [head[0], head[1]] {
        [b'0', b'0'] => rest.is_empty(),
        version => hex::parse_2(&version)? != 0xff && rest.first().is_none_or(|&b| b == b'-'),
    };
    let [high, low, span] = hex::parse_48([
        head[3..].first_chunk()?,
        head[19..].first_chunk()?,
        head[36..].first_chunk()?,
    ])?;
    let (trace, span) = (TraceId([high, low]), SpanId(span));
    let flags = hex::parse_2(&head[53..])? & (SAMPLED | RANDOM);
    (ends_well && trace.is_valid() && span.is_valid()).then_some((trace, span, flags))
}

/// Without the optional white space around it.
#[inline]
pub(super) fn trim(header: &[u8]) -> &[u8] {
    match header {
        [b' ' | b'\t', ..] | [.., b' ' | b'\t'] => trimmed(header),
        _ => header,
    }
}

/// Many at a time: there may be a mebibyte of it.
#[cold]
fn trimmed(mut header: &[u8]) -> &[u8] {
    let is_space = |b: u8| matches!(b, b' ' | b'\t');
    let are_spaces = |block: &[u8; 32]| block.iter().fold(true, |all, &b| all & is_space(b));
    while let Some((block, rest)) = header.split_first_chunk()
        && are_spaces(block)
    {
        header = rest;
    }
    while let Some((rest, block)) = header.split_last_chunk()
        && are_spaces(block)
    {
        header = rest;
    }
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = header {
        header = rest;
    }
    header
}

/// A header on the stack.
pub(crate) struct Text([u8; BYTES]);

impl Text {
    #[allow(unsafe_code, reason = "a check costs more than the rest of it")]
    pub(crate) const fn as_str(&self) -> &str {
        // SAFETY: `format` alone makes one, of ASCII: dashes, zeros and the digits of `hex`.
        unsafe { std::str::from_utf8_unchecked(&self.0) }
    }
}

#[inline(always)]
pub(crate) fn format(trace: TraceId, span: SpanId, flags: u8) -> Text {
    let mut header = *b"00-00000000000000000000000000000000-0000000000000000-00";
    let mut put = |at: usize, n: u64| {
        if let Some(place) = header[at..].first_chunk_mut() {
            hex::write_16(n, place);
        }
    };
    put(3, trace.0[0]);
    put(19, trace.0[1]);
    put(36, span.0);
    [header[53], header[54]] = hex::digits_2(flags);
    Text(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_formatted_is_parsed() {
        let (trace, span) = (TraceId([1, u64::MAX]), SpanId(7));
        for flags in 0..4 {
            let header = format(trace, span, flags);
            assert_eq!(header.as_str(), format!("00-{trace}-{span}-{flags:02x}"));
            assert_eq!(
                parse(header.as_str().as_bytes()),
                Some((trace, span, flags))
            );
        }
    }

    #[test]
    fn white_space_around_a_value_is_none_of_it_however_much_there_is() {
        for (before, after) in [(0, 0), (1, 0), (0, 40), (31, 33), (64, 65), (100, 1)] {
            let header = format!("{}a b\t c{}", "\t".repeat(before), " ".repeat(after));
            assert_eq!(trim(header.as_bytes()), b"a b\t c");
            assert_eq!(trim(" ".repeat(before + after).as_bytes()), b"");
        }
    }

    #[test]
    fn flags_that_nobody_has_defined_are_not_passed_on() {
        let header = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff";
        assert_eq!(parse(header).map(|parsed| parsed.2), Some(3));
    }

    #[test]
    fn what_the_specification_does_not_allow_is_no_parent() {
        let bad: [&[u8]; 6] = [
            b"",
            b"00",
            b"00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01",
            b"00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            b"00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
            b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-\xc3\xa9",
        ];
        for header in bad {
            assert_eq!(parse(header), None, "{header:?}");
        }
    }
}
