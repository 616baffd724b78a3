//! Hexadecimal digits, sixteen at a time.

#[cfg(not(target_arch = "x86_64"))]
use words::{digits_16, parse_16_of};

#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code, reason = "functions of a target feature")]
fn parse_16_of(digits: &[u8; 16]) -> Option<u64> {
    // SAFETY: every x86-64 has SSE2.
    unsafe { vectors::parse_16_of(digits) }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code, reason = "functions of a target feature")]
fn digits_16(n: u64) -> [u8; 16] {
    // SAFETY: every x86-64 has SSE2.
    unsafe { vectors::digits_16(n) }
}

/// The number that 16 lower-case digits are.
#[inline(always)]
pub(super) fn parse_16(digits: &[u8]) -> Option<u64> {
    parse_16_of(digits.try_into().ok()?)
}

/// Writes 16 lower-case digits.
#[inline(always)]
pub(super) fn write_16(n: u64, place: &mut [u8; 16]) {
    *place = digits_16(n);
}

/// By SSE2, which every x86-64 has.
#[cfg(target_arch = "x86_64")]
mod vectors {
    use std::arch::x86_64::{
        __m128i, _mm_add_epi8, _mm_and_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_cvtsi128_si64,
        _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_packus_epi16, _mm_set_epi64x,
        _mm_set1_epi8, _mm_set1_epi16, _mm_slli_epi16, _mm_srli_epi16, _mm_sub_epi8,
        _mm_unpackhi_epi64, _mm_unpacklo_epi8,
    };

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn parse_16_of(digits: &[u8; 16]) -> Option<u64> {
        let text = u128::from_le_bytes(*digits);
        let text = _mm_set_epi64x((text >> 64) as i64, text as i64);
        let (is_digit, digit) = within(text, b'0', 9);
        let (is_letter, letter) = within(text, b'a', 5);
        if _mm_movemask_epi8(_mm_or_si128(is_digit, is_letter)) != 0xffff {
            return None;
        }
        let letter = _mm_add_epi8(letter, _mm_set1_epi8(10));
        let values = _mm_or_si128(
            _mm_and_si128(digit, is_digit),
            _mm_and_si128(letter, is_letter),
        );
        // Each pair of digits, the higher one first, becomes a byte.
        let pairs = _mm_or_si128(_mm_slli_epi16::<4>(values), _mm_srli_epi16::<8>(values));
        let bytes = _mm_and_si128(pairs, _mm_set1_epi16(0xff));
        let number = _mm_cvtsi128_si64(_mm_packus_epi16(bytes, bytes));
        Some((number as u64).swap_bytes())
    }

    /// Where the bytes are at most `max` above `first`, and how much above.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn within(text: __m128i, first: u8, max: i8) -> (__m128i, __m128i) {
        let above = _mm_sub_epi8(text, _mm_set1_epi8(first as i8));
        let limited = _mm_min_epu8(above, _mm_set1_epi8(max));
        (_mm_cmpeq_epi8(limited, above), above)
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn digits_16(n: u64) -> [u8; 16] {
        let bytes = _mm_set_epi64x(0, n.swap_bytes() as i64);
        let low_halves = _mm_set1_epi8(15);
        let high = _mm_and_si128(_mm_srli_epi16::<4>(bytes), low_halves);
        let values = _mm_unpacklo_epi8(high, _mm_and_si128(bytes, low_halves));
        let letters = _mm_cmpgt_epi8(values, _mm_set1_epi8(9));
        let gap = _mm_and_si128(letters, _mm_set1_epi8(0x27));
        let digits = _mm_add_epi8(_mm_add_epi8(values, _mm_set1_epi8(0x30)), gap);
        let first = _mm_cvtsi128_si64(digits) as u64;
        let last = _mm_cvtsi128_si64(_mm_unpackhi_epi64(digits, digits)) as u64;
        (u128::from(first) | (u128::from(last) << 64)).to_le_bytes()
    }
}

/// Eight digits in a word, on any processor.
#[cfg(any(test, not(target_arch = "x86_64")))]
mod words {
    const ONES: u64 = 0x0101_0101_0101_0101;

    #[inline(always)]
    pub(super) fn parse_16_of(digits: &[u8; 16]) -> Option<u64> {
        let text = u128::from_be_bytes(*digits);
        let (high, bad_high) = parse_8((text >> 64) as u64);
        let (low, bad_low) = parse_8(text as u64);
        (bad_high | bad_low == 0).then_some((high << 32) | low)
    }

    /// The number that eight lower-case digits are, and bits where one is none.
    const fn parse_8(text: u64) -> (u64, u64) {
        let letters = (text >> 6) & ONES;
        let values = (text & (0x0f * ONES)) + 9 * letters;
        // Letters are 10 to 15, others below; and each is written as it should be.
        let ten_or_more = ((values + 6 * ONES) >> 4) & ONES;
        let bad = (ten_or_more ^ letters)
            | (values & (0xf0 * ONES))
            | ((values + 0x30 * ONES + 0x27 * letters) ^ text);
        let pairs = (values | (values >> 4)) & 0x00ff_00ff_00ff_00ff;
        let fours = (pairs | (pairs >> 8)) & 0x0000_ffff_0000_ffff;
        ((fours | (fours >> 16)) & 0xffff_ffff, bad)
    }

    #[inline(always)]
    pub(super) fn digits_16(n: u64) -> [u8; 16] {
        let (high, low) = (digits_8(n >> 32), digits_8(n & 0xffff_ffff));
        ((u128::from(high) << 64) | u128::from(low)).to_be_bytes()
    }

    const fn digits_8(n: u64) -> u64 {
        let fours = (n | (n << 16)) & 0x0000_ffff_0000_ffff;
        let pairs = (fours | (fours << 8)) & 0x00ff_00ff_00ff_00ff;
        let values = (pairs | (pairs << 4)) & (0x0f * ONES);
        let letters = ((values + 6 * ONES) >> 4) & ONES;
        values + 0x30 * ONES + 0x27 * letters
    }
}

/// The number that two lower-case digits are.
#[inline(always)]
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
            let digits = digits_16(n);
            assert_eq!(digits, *format!("{n:016x}").as_bytes());
            assert_eq!(words::digits_16(n), digits);
            assert_eq!(parse_16(&digits), Some(n));
            assert_eq!(words::parse_16_of(&digits), Some(n));
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
                assert_eq!(words::parse_16_of(&digits), parse_16(&digits));
            }
        }
        assert_eq!(parse_16(b"0123"), None);
    }
}
