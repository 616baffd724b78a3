//! Which bucket of a histogram a duration falls in.
//!
//! The buckets are those of an OpenTelemetry base-2 exponential histogram of scale 3, in seconds: bucket `i` is
//! `(2^(i/8), 2^((i+1)/8)]`, 8 to an octave. In a cell they are numbered by *slots*: slot 0 takes what is too short
//! to tell apart, slot `s` is bucket `LOWEST + s - 1`. Working the bucket out through a float would double the price
//! of a call's metrics, so the bounds are turned into ticks once, by [`prepare`]; from then on it takes one load and
//! one comparison.
//!
//! <https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram>

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::clock;

/// The scale of the histograms, as OpenTelemetry counts: the base is `2^(2^-SCALE)`.
pub(crate) const SCALE: i32 = 3;
/// Buckets in an octave.
pub(crate) const PER_OCTAVE: usize = 1 << SCALE;
/// The first bucket begins at `2^LOWEST_OCTAVE` s, 15 ns, about as long as it takes to read the clock.
const LOWEST_OCTAVE: i32 = -26;
/// The bucket of slot 1.
pub(crate) const LOWEST: i32 = LOWEST_OCTAVE * PER_OCTAVE as i32;
/// Seconds; slot 0 counts calls that took at most this.
pub(crate) const ZERO_THRESHOLD: f64 = 1.0 / (1_u64 << -LOWEST_OCTAVE) as f64;
/// Slots of a cell that has seen no longer calls: up to 2^-14 s, 61 µs.
pub(super) const NARROW: usize = 1 + 12 * PER_OCTAVE;
/// Slots of a thread's own cell: up to 1 s. What takes longer does not mind the price of a shared counter.
pub(super) const OWN: usize = NARROW + 14 * PER_OCTAVE;
/// All slots, up to 2^22 s, which is 48 days; the last one takes what took still longer.
pub(super) const WIDE: usize = OWN + 22 * PER_OCTAVE;

/// The bound of bucket `k` of the octave from 1 to 2, `2^(k/8)`, as the fraction bits of a float, rounded down.
/// No bound but the first is a float, so a float is above a bound exactly if its fraction is above this.
const BOUNDS: [u64; PER_OCTAVE] = [
    0,
    0x1_72b8_3c7d_517a,
    0x3_06fe_0a31_b715,
    0x4_bfda_d536_2a27,
    0x6_a09e_667f_3bcc,
    0x8_ace5_422a_a0db,
    0xa_e89f_995a_d3ad,
    0xd_5818_dcfb_a487,
];

/// The bucket of a positive normal number of seconds.
fn bucket(seconds: f64) -> i32 {
    let bits = seconds.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let octave = (bits >> 52) as i32 - 1023;
    let bounds_below = BOUNDS.partition_point(|&bound| bound < fraction);
    octave * PER_OCTAVE as i32 + bounds_below as i32 - 1
}

/// The slot of a duration, by its definition.
fn slot_of_seconds(seconds: f64) -> usize {
    if seconds <= ZERO_THRESHOLD {
        return 0;
    }
    ((bucket(seconds) - LOWEST) as usize + 1).min(WIDE - 1)
}

/// The slot among all [`WIDE`] ones.
#[cold]
pub(super) fn wide_slot(ticks: u64) -> usize {
    slot_of_seconds(ticks as f64 * seconds_per_tick())
}

fn seconds_per_tick() -> f64 {
    clock::scale().ns_per_tick * 1e-9
}

/// Cells of the grid in an octave of ticks. A sixteenth is so narrow that at most one bound of a bucket lies in it.
const CELLS: usize = 16;
/// Enough ticks for [`NARROW`] slots where a tick lasts 0.1 ns.
const GRID: usize = 1 + 35 * CELLS;
/// The upper 16 bits of the float 1.0: sign, exponent and the sixteenth of the octave.
const ONE: usize = 1023 * CELLS;

/// For 0 ticks, and for each sixteenth of an octave of ticks: the slot that it begins in, and its last tick within that slot.
struct Grid([AtomicU64; GRID]);

/// Bits of an entry that hold the slot; the rest is the tick.
const SLOT_BITS: u32 = 12;

static TABLE: Grid = Grid([const { AtomicU64::new(0) }; GRID]);

/// Turns the bounds into ticks, once a process. Takes some 50 µs after the clock has been chosen.
pub(super) fn prepare() {
    static FILLED: Once = Once::new();
    FILLED.call_once(|| TABLE.fill(seconds_per_tick()));
}

/// The slot of a duration; at least [`NARROW`] for anything longer than those take.
#[inline(always)]
pub(super) fn slot(ticks: u64) -> usize {
    TABLE.slot(ticks)
}

impl Grid {
    #[inline(always)]
    fn slot(&self, ticks: u64) -> usize {
        // As a float the number says by itself which sixteenth of which octave it is in. Counting leading zeros is no
        // alternative: where the processor does that in microcode it waits for the clock read before it, 10 ns.
        let upper = ((ticks as i64 as f64).to_bits() >> 48) as usize;
        let Some(entry) = self.0.get(upper.saturating_sub(ONE - 1)) else {
            return NARROW;
        };
        let entry = entry.load(Relaxed);
        let slot = (entry & ((1 << SLOT_BITS) - 1)) as usize;
        slot + usize::from(ticks > entry >> SLOT_BITS)
    }

    fn fill(&self, seconds_per_tick: f64) {
        let exact = |ticks: u64| slot_of_seconds(ticks as f64 * seconds_per_tick).min(NARROW);
        for (cell, entry) in self.0.iter().enumerate() {
            let (first, last) = ticks_of(cell);
            if first > last {
                // There is no such number.
                continue;
            }
            let slot = exact(first);
            let limit = if slot == NARROW {
                // Nothing lies above.
                u64::MAX >> SLOT_BITS
            } else {
                last_where(first, last, |ticks| exact(ticks) == slot)
            };
            entry.store(limit << SLOT_BITS | slot as u64, Relaxed);
        }
    }
}

/// The first and the last tick of a cell of the grid.
fn ticks_of(cell: usize) -> (u64, u64) {
    let Some(cell) = cell.checked_sub(1) else {
        return (0, 0);
    };
    let begin = |cell: usize| (((cell % CELLS + CELLS) as u64) << (cell / CELLS)).div_ceil(16);
    (begin(cell), begin(cell + 1) - 1)
}

/// The last number in a range for which `holds`; it holds for the first one, and never again once it does not.
fn last_where(mut first: u64, mut last: u64, holds: impl Fn(u64) -> bool) -> u64 {
    while first < last {
        let middle = first + (last - first).div_ceil(2);
        if holds(middle) {
            first = middle;
        } else {
            last = middle - 1;
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Durations around every bound and across the range, in ticks.
    fn probes(seconds_per_tick: f64) -> Vec<u64> {
        let mut probes: Vec<u64> = (0..2_000).collect();
        for slot in 0..=WIDE {
            let bound = 2_f64.powf(f64::from(LOWEST + slot as i32) / 8.0) / seconds_per_tick;
            probes.extend((0..5).map(|i| (bound as u64 + i).saturating_sub(2)));
        }
        let mut x = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..if cfg!(miri) { 100 } else { 200_000 } {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            probes.push(x >> (x & 63));
        }
        probes
    }

    #[test]
    fn buckets_are_those_of_scale_3_in_seconds() {
        for (seconds, expected) in [
            (1.0, -1),
            (1.0 + f64::EPSILON, 0),
            (1.0905, 0),
            (1.0906, 1),
            (2.0, 7),
            (0.5, -9),
            (0.3, -14),
            (60.0, 47),
        ] {
            assert_eq!(bucket(seconds), expected, "{seconds} s");
        }
        assert_eq!(slot_of_seconds(0.0), 0);
        assert_eq!(slot_of_seconds(ZERO_THRESHOLD), 0);
        assert_eq!(slot_of_seconds(ZERO_THRESHOLD * 1.01), 1);
        assert_eq!(slot_of_seconds(1.0), OWN - 1);
        assert_eq!(slot_of_seconds(1.01), OWN);
        assert_eq!(slot_of_seconds(1e9), WIDE - 1);
    }

    #[test]
    fn the_table_says_what_the_definition_says_whatever_a_tick_lasts() {
        for ns_per_tick in [1.0, 0.408_163, 0.2, 0.5, 1.25, 41.666_667, 0.1] {
            let seconds_per_tick = ns_per_tick * 1e-9;
            let grid = Grid([const { AtomicU64::new(0) }; GRID]);
            grid.fill(seconds_per_tick);
            for ticks in probes(seconds_per_tick) {
                let exact = slot_of_seconds(ticks as f64 * seconds_per_tick).min(NARROW);
                assert_eq!(
                    grid.slot(ticks).min(NARROW),
                    exact,
                    "{ticks} ticks of {ns_per_tick} ns"
                );
            }
            if cfg!(miri) {
                break;
            }
        }
    }

    #[test]
    fn slots_never_fall_as_durations_grow() {
        prepare();
        let mut probes = probes(seconds_per_tick());
        probes.sort_unstable();
        let slots: Vec<usize> = probes.iter().map(|&ticks| wide_slot(ticks)).collect();
        assert!(slots.is_sorted());
        assert!(
            probes
                .iter()
                .all(|&ticks| slot(ticks).min(NARROW) == wide_slot(ticks).min(NARROW))
        );
    }
}
