//! Hexadecimal digits, eight at a time.

const ONES: u64 = 0x0101_0101_0101_0101;

/// The number that eight lower-case digits are.
#[inline(always)]
fn parse_8(digits: [u8; 8]) -> Option<u32> {
    let text = u64::from_be_bytes(digits);
    let letters = (text >> 6) & ONES;
    let values = (text & (0x0f * ONES)) + 9 * letters;
    // Letters are 10 to 15, others below; and each is written as it should be.
    let ten_or_more = ((values + 6 * ONES) >> 4) & ONES;
    let good = ten_or_more == letters
        && values & (0xf0 * ONES) == 0
        && values + 0x30 * ONES + 0x27 * letters == text;
    if !good {
        return None;
    }
    let pairs = (values | (values >> 4)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | (pairs >> 8)) & 0x0000_ffff_0000_ffff;
    Some((fours | (fours >> 16)) as u32)
}

/// The eight lower-case digits of a number.
#[inline(always)]
fn digits_8(n: u32) -> [u8; 8] {
    let n = u64::from(n);
    let fours = (n | (n << 16)) & 0x0000_ffff_0000_ffff;
    let pairs = (fours | (fours << 8)) & 0x00ff_00ff_00ff_00ff;
    let values = (pairs | (pairs << 4)) & (0x0f * ONES);
    let letters = ((values + 6 * ONES) >> 4) & ONES;
    (values + 0x30 * ONES + 0x27 * letters).to_be_bytes()
}

/// The number that 16 lower-case digits are.
#[inline]
pub(super) fn parse_16(digits: &[u8]) -> Option<u64> {
    let (high, low) = digits.split_first_chunk::<8>()?;
    let (high, low) = (parse_8(*high)?, parse_8(low.try_into().ok()?)?);
    Some((u64::from(high) << 32) | u64::from(low))
}

/// The number that two lower-case digits are.
#[inline]
pub(super) fn parse_2(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else {
        return None;
    };
    Some((lower(*high)? << 4) | lower(*low)?)
}

const fn lower(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// The value of a digit of either case.
pub(super) const fn digit(digit: u8) -> Option<u8> {
    lower(digit.to_ascii_lowercase())
}

/// Writes 16 lower-case digits.
#[inline]
pub(super) fn write_16(n: u64, place: &mut [u8; 16]) {
    place[..8].copy_from_slice(&digits_8((n >> 32) as u32));
    place[8..].copy_from_slice(&digits_8(n as u32));
}

/// Two lower-case digits.
#[inline]
pub(super) const fn digits_2(n: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[(n >> 4) as usize], DIGITS[(n & 15) as usize]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_parsed() {
        for n in [0, 1, 0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, u64::MAX] {
            let mut digits = [0; 16];
            write_16(n, &mut digits);
            assert_eq!(digits, *format!("{n:016x}").as_bytes());
            assert_eq!(parse_16(&digits), Some(n));
        }
        assert!((0..=255).all(|n| parse_2(&digits_2(n)) == Some(n)));
    }

    #[test]
    fn only_lower_case_digits_are_digits_wherever_they_are() {
        for place in 0..16 {
            for byte in 0..=255 {
                let mut digits = *b"0123456789abcdef";
                digits[place] = byte;
                let good = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                assert_eq!(parse_16(&digits).is_some(), good, "{byte:#x} at {place}");
            }
        }
        assert_eq!(parse_16(b"0123"), None);
    }
}
