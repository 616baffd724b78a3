//! The clock of spans and metrics: a tick counter that costs a few nanoseconds to read.
//!
//! Where the time stamp counter is invariant a tick is a TSC cycle, elsewhere it is a nanosecond of
//! `std::time::Instant`. Ticks mean nothing outside the process; [`Scale`] turns them into wall clock time.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

static USE_TSC: AtomicBool = AtomicBool::new(false);
static TRUST_TSC: AtomicBool = AtomicBool::new(false);
static SCALE: OnceLock<Scale> = OnceLock::new();

/// How ticks relate to time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    /// Nanoseconds a tick lasts.
    pub(crate) ns_per_tick: f64,
    anchor_ticks: u64,
    anchor_unix_ns: u64,
}

impl Scale {
    /// A tick is a nanosecond since the epoch.
    #[cfg(test)]
    pub(crate) const NANOSECONDS: Self = Self {
        ns_per_tick: 1.0,
        anchor_ticks: 0,
        anchor_unix_ns: 0,
    };

    pub(crate) fn duration_ns(&self, ticks: u64) -> u64 {
        (ticks as f64 * self.ns_per_tick) as u64
    }

    pub(crate) fn unix_ns(&self, ticks: u64) -> u64 {
        if ticks >= self.anchor_ticks {
            self.anchor_unix_ns + self.duration_ns(ticks - self.anchor_ticks)
        } else {
            self.anchor_unix_ns
                .saturating_sub(self.duration_ns(self.anchor_ticks - ticks))
        }
    }

    pub(crate) fn ticks(&self, duration: Duration) -> u64 {
        (duration.as_nanos() as f64 / self.ns_per_tick) as u64
    }
}

/// The present tick. Meaningless before the first [`scale`], which chooses the source.
#[inline(always)]
pub(crate) fn now() -> u64 {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    if USE_TSC.load(Relaxed) {
        return tsc();
    }
    monotonic()
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline(always)]
#[allow(
    unsafe_code,
    reason = "the intrinsic is declared unsafe; reading the counter has no precondition"
)]
fn tsc() -> u64 {
    // SAFETY: RDTSC exists on every x86_64 processor and touches no memory.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[cold]
#[inline(never)]
fn monotonic() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    // Never 0, which stands for "not started" elsewhere.
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64 + 1
}

/// Chooses the source and measures it, once a process; takes about 10 ms the first time where the TSC is used.
pub(crate) fn scale() -> &'static Scale {
    SCALE.get_or_init(|| {
        let ns_per_tick = if tsc_is_reliable() { calibrate() } else { 1.0 };
        let anchor_ticks = now();
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Scale {
            ns_per_tick,
            anchor_ticks,
            anchor_unix_ns: unix.as_nanos() as u64,
        }
    })
}

/// Takes the TSC whatever the kernel says, so that instruction counts compare between machines. Before [`scale`].
pub(crate) fn trust_tsc() {
    TRUST_TSC.store(true, Relaxed);
}

/// The kernel has found the counters of all cores in step and running at one rate: it uses them itself.
#[cfg(all(target_arch = "x86_64", not(miri)))]
fn tsc_is_reliable() -> bool {
    const SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    if TRUST_TSC.load(Relaxed)
        || std::fs::read_to_string(SOURCE).is_ok_and(|source| source.trim() == "tsc")
    {
        return true;
    }
    // No word from the kernel (another system, a sandbox): believe the processor's invariant TSC bit.
    let invariant = {
        use core::arch::x86_64::__cpuid;
        __cpuid(0x8000_0000).eax >= 0x8000_0007 && __cpuid(0x8000_0007).edx & (1 << 8) != 0
    };
    invariant && !std::path::Path::new(SOURCE).exists()
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
fn tsc_is_reliable() -> bool {
    false
}

/// Nanoseconds a TSC cycle lasts, from the two ends of a 10 ms wait; each end is the tightest of several pairs.
fn calibrate() -> f64 {
    USE_TSC.store(true, Relaxed);
    let (start, start_ticks) = tight_pair();
    while start.elapsed() < Duration::from_millis(10) {
        std::hint::spin_loop();
    }
    let (end, end_ticks) = tight_pair();
    (end - start).as_nanos() as f64 / (end_ticks - start_ticks) as f64
}

fn tight_pair() -> (Instant, u64) {
    let mut best = (u64::MAX, Instant::now(), 0);
    for _ in 0..16 {
        let before = now();
        let instant = Instant::now();
        let width = now() - before;
        if width < best.0 {
            best = (width, instant, before + width / 2);
        }
    }
    (best.1, best.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_measure_what_instant_measures() {
        let scale = scale();
        let (instant, ticks) = (Instant::now(), now());
        while instant.elapsed() < Duration::from_millis(if cfg!(miri) { 1 } else { 20 }) {}
        let (real, ours) = (
            instant.elapsed().as_nanos() as f64,
            scale.duration_ns(now() - ticks) as f64,
        );
        assert!(
            (ours / real - 1.0).abs() < 0.05,
            "{real} ns by Instant, {ours} ns by ticks"
        );
    }

    #[test]
    fn a_tick_before_the_anchor_is_before_it_on_the_wall_clock() {
        let scale = Scale {
            ns_per_tick: 0.5,
            anchor_ticks: 1_000,
            anchor_unix_ns: 10_000,
        };
        assert_eq!(scale.unix_ns(1_002), 10_001);
        assert_eq!(scale.unix_ns(998), 9_999);
        assert_eq!(scale.ticks(Duration::from_nanos(50)), 100);
    }
}
