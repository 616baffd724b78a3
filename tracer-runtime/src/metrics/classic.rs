//! Histograms with fixed buckets, as every Prometheus understands them, from exponential ones.
//!
//! All bounds are powers of two, so each is a bound of the exponential buckets as well and no count is an estimate:
//! from 1 µs to 64 s, twice the last where services mostly answer (1 ms to 4 s), else four times.

use super::buckets::PER_OCTAVE;
use super::snapshot::Exponential;

/// The bounds are 2 to these, in seconds.
const OCTAVES: [i32; 20] = [
    -20, -18, -16, -14, -12, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 4, 6,
];

/// Upper bounds in seconds, and the count of values up to each. The bound that is missing is infinity.
pub(super) fn cumulative(durations: &Exponential) -> impl Iterator<Item = (f64, u64)> {
    OCTAVES.iter().map(|&octave| {
        // Bucket `i` ends at `2^((i+1)/8)`.
        let end = octave * PER_OCTAVE as i32;
        let buckets = usize::try_from(end - durations.offset).unwrap_or(0);
        let counts = durations.counts.iter().take(buckets);
        let count = durations.zero_count + counts.sum::<u64>();
        (2_f64.powi(octave), count)
    })
}

/// The number of the bucket that a value is counted in first, from 0; one more than there are bounds for the last.
pub(super) fn bucket(seconds: f64) -> usize {
    // The logarithm to the base 2, rounded up.
    let bits = seconds.to_bits();
    let above = bits & ((1 << 52) - 1) != 0;
    let octave = (bits >> 52) as i32 - 1023 + i32::from(above);
    OCTAVES.partition_point(|&bound| bound < octave)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(durations: &Exponential) -> Vec<u64> {
        cumulative(durations).map(|(_, count)| count).collect()
    }

    #[test]
    fn a_value_is_counted_from_the_first_bound_that_is_not_below_it() {
        // 2^(-1/8) .. 1 s and 1 s .. 2^(1/8) s.
        let durations = Exponential {
            sum: 2.0,
            zero_count: 3,
            offset: -1,
            counts: vec![10, 100],
            ..Exponential::default()
        };
        let mut expected = [3; 20];
        expected[15] = 13;
        expected[16..].fill(113);
        assert_eq!(counts(&durations), expected);
    }

    #[test]
    fn what_is_beyond_the_last_bound_is_counted_at_infinity_only() {
        let durations = Exponential {
            sum: 3_600.0,
            zero_count: 0,
            offset: 94,
            counts: vec![1],
            ..Exponential::default()
        };
        assert_eq!(counts(&durations), [0; 20]);
    }

    #[test]
    fn a_value_belongs_to_the_bucket_that_counts_it_first() {
        let mut values = vec![0.0, 1e-9, 3.7, 1e9];
        for octave in OCTAVES {
            let bound = 2_f64.powi(octave);
            values.extend([bound.next_down(), bound, bound.next_up()]);
        }
        let bounds: Vec<f64> = cumulative(&Exponential::default())
            .map(|(bound, _)| bound)
            .collect();
        for value in values {
            let expected = bounds.iter().position(|&bound| value <= bound);
            assert_eq!(bucket(value), expected.unwrap_or(20), "{value} s");
        }
    }

    #[test]
    fn bounds_grow_and_go_from_a_microsecond_to_a_minute() {
        let bounds: Vec<f64> = cumulative(&Exponential::default())
            .map(|(bound, _)| bound)
            .collect();
        assert!(bounds.is_sorted());
        assert!((0.9e-6..1e-6).contains(&bounds[0]));
        assert_eq!(bounds[19], 64.0);
    }
}
