//! Hexadecimal digits, many at a time.

#[cfg(not(target_arch = "x86_64"))]
use words::{digits_16, parse_16_of, parse_48};

#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code, reason = "functions of a target feature")]
fn parse_16_of(digits: &[u8; 16]) -> Option<u64> {
    // SAFETY: every x86-64 has SSE2.
    unsafe { vectors::parse_16_of(digits) }
}

/// The numbers that three times 16 lower-case digits are.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code, reason = "functions of a target feature")]
pub(super) fn parse_48(digits: [&[u8; 16]; 3]) -> Option<[u64; 3]> {
    // SAFETY: every x86-64 has SSE2.
    unsafe { vectors::parse_48(digits) }
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
        __m128i, _mm_add_epi8, _mm_adds_epu8, _mm_and_si128, _mm_cmpgt_epi8, _mm_cvtsi128_si64,
        _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_packus_epi16, _mm_set_epi64x,
        _mm_set1_epi8, _mm_set1_epi16, _mm_slli_epi16, _mm_srli_epi16, _mm_sub_epi8, _mm_subs_epu8,
        _mm_unpackhi_epi64, _mm_unpacklo_epi8,
    };

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn parse_16_of(digits: &[u8; 16]) -> Option<u64> {
        let values = values(digits);
        are_digits(values).then(|| numbers(values, values)[0])
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn parse_48(digits: [&[u8; 16]; 3]) -> Option<[u64; 3]> {
        let [first, second, third] = digits;
        let (first, second, third) = (values(first), values(second), values(third));
        // A bit too high in one of them is too high in all together.
        if !are_digits(_mm_or_si128(_mm_or_si128(first, second), third)) {
            return None;
        }
        let ([first, second], [third, _]) = (numbers(first, second), numbers(third, third));
        Some([first, second, third])
    }

    /// The value of each lower-case digit; 16 and more where there is none.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn values(digits: &[u8; 16]) -> __m128i {
        let text = u128::from_le_bytes(*digits);
        let text = _mm_set_epi64x((text >> 64) as i64, text as i64);
        // What is above '9' stays above it, what is below wraps around.
        let raised = _mm_add_epi8(text, _mm_set1_epi8((u8::MAX - b'9') as i8));
        let lowered = _mm_subs_epu8(raised, _mm_set1_epi8(6));
        let digit = _mm_sub_epi8(lowered, _mm_set1_epi8(0xf0_u8 as i8));
        let letter = _mm_sub_epi8(text, _mm_set1_epi8(b'a' as i8));
        _mm_min_epu8(digit, _mm_adds_epu8(letter, _mm_set1_epi8(10)))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn are_digits(values: __m128i) -> bool {
        _mm_movemask_epi8(_mm_adds_epu8(values, _mm_set1_epi8(0x70))) == 0
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn numbers(first: __m128i, second: __m128i) -> [u64; 2] {
        let both = _mm_packus_epi16(pairs(first), pairs(second));
        let halves = [both, _mm_unpackhi_epi64(both, both)];
        halves.map(|half| (_mm_cvtsi128_si64(half) as u64).swap_bytes())
    }

    /// Each pair of digits, the higher one first, as a byte.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn pairs(values: __m128i) -> __m128i {
        let pairs = _mm_or_si128(_mm_slli_epi16::<4>(values), _mm_srli_epi16::<8>(values));
        _mm_and_si128(pairs, _mm_set1_epi16(0xff))
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

    #[inline(always)]
    pub(super) fn parse_48(digits: [&[u8; 16]; 3]) -> Option<[u64; 3]> {
        let [first, second, third] = digits.map(parse_16_of);
        Some([first?, second?, third?])
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

    #[test]
    fn three_numbers_are_parsed_like_one() {
        let good = *b"0123456789abcdef";
        for place in 0..48 {
            for byte in 0..=255 {
                let mut digits = [good; 3];
                digits[place / 16][place % 16] = byte;
                let [first, second, third] = digits.each_ref().map(|digits| parse_16(digits));
                let all = first
                    .zip(second)
                    .zip(third)
                    .map(|((first, second), third)| [first, second, third]);
                assert_eq!(parse_48(digits.each_ref()), all, "{byte:#x} at {place}");
                assert_eq!(words::parse_48(digits.each_ref()), all);
            }
        }
    }
}
