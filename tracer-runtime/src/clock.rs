//! The clock of spans and metrics: a tick counter that costs a few nanoseconds to read.
//!
//! Where the time stamp counter is invariant a tick is a TSC cycle, elsewhere it is a nanosecond of
//! `std::time::Instant`. Ticks mean nothing outside the process; [`Scale`] turns them into wall clock time.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

static USE_TSC: AtomicBool = AtomicBool::new(false);
static TRUST_TSC: AtomicBool = AtomicBool::new(false);
static SCALE: OnceLock<Scale> = OnceLock::new();
/// How far the wall clock is ahead of what the anchor and the rate say. See [`follow_the_wall`].
static AHEAD_NS: AtomicI64 = AtomicI64::new(0);

/// Differences below this are the noise of reading two clocks.
const NOISE_NS: u64 = 20_000;

/// How ticks relate to time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    /// Nanoseconds a tick lasts.
    pub(crate) ns_per_tick: f64,
    anchor_ticks: u64,
    anchor_unix_ns: u64,
    ahead_ns: &'static AtomicI64,
}

impl Scale {
    /// A tick is a nanosecond since the epoch.
    #[cfg(test)]
    pub(crate) const NANOSECONDS: Self = Self {
        ns_per_tick: 1.0,
        anchor_ticks: 0,
        anchor_unix_ns: 0,
        ahead_ns: {
            static NEVER: AtomicI64 = AtomicI64::new(0);
            &NEVER
        },
    };

    pub(crate) fn duration_ns(&self, ticks: u64) -> u64 {
        (ticks as f64 * self.ns_per_tick) as u64
    }

    pub(crate) fn unix_ns(&self, ticks: u64) -> u64 {
        self.unadjusted_unix_ns(ticks)
            .saturating_add_signed(self.ahead_ns.load(Relaxed))
    }

    fn unadjusted_unix_ns(&self, ticks: u64) -> u64 {
        if ticks >= self.anchor_ticks {
            self.anchor_unix_ns + self.duration_ns(ticks - self.anchor_ticks)
        } else {
            self.anchor_unix_ns
                .saturating_sub(self.duration_ns(self.anchor_ticks - ticks))
        }
    }

    /// Takes note of what the wall clock says at a tick.
    fn follow(&self, unix_ns: u64, ticks: u64) {
        if self.unix_ns(ticks).abs_diff(unix_ns) > NOISE_NS {
            let ahead = unix_ns.wrapping_sub(self.unadjusted_unix_ns(ticks)) as i64;
            self.ahead_ns.store(ahead, Relaxed);
        }
    }

    /// The tick at a time of day; the first one for times before it.
    pub(crate) fn tick_at(&self, unix_ns: u64) -> u64 {
        let ahead = unix_ns.saturating_sub(self.unix_ns(self.anchor_ticks));
        let behind = self.unix_ns(self.anchor_ticks).saturating_sub(unix_ns);
        let ticks = |ns: u64| (ns as f64 / self.ns_per_tick) as u64;
        self.anchor_ticks
            .saturating_add(ticks(ahead))
            .saturating_sub(ticks(behind))
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

/// [`now`] where it takes no call to find out; `None` where it does.
#[inline(always)]
pub(crate) fn cheap() -> Option<u64> {
    is_cheap().then(cheap_now)
}

/// Whether [`cheap_now`] is [`now`]: the source, once chosen, stays.
#[inline(always)]
pub(crate) fn is_cheap() -> bool {
    cfg!(not(all(target_arch = "x86_64", not(miri)))) || USE_TSC.load(Relaxed)
}

/// [`now`] for those who know that it [is cheap](is_cheap).
#[inline(always)]
pub(crate) fn cheap_now() -> u64 {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    return tsc();
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    return monotonic();
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
        let (unix_ns, ticks) = tight_pair(unix_ns);
        Scale {
            ns_per_tick,
            anchor_ticks: ticks,
            anchor_unix_ns: unix_ns,
            ahead_ns: &AHEAD_NS,
        }
    })
}

/// Takes the TSC whatever the kernel says, so that instruction counts compare between machines. Before [`scale`].
pub(crate) fn trust_tsc() {
    TRUST_TSC.store(true, Relaxed);
}

/// Keeps times of day right for as long as the process runs: the rate was measured over 10 ms only, and the wall clock
/// is set now and then. For the collector's thread, about once a second.
pub(crate) fn follow_the_wall() {
    let (unix_ns, ticks) = tight_pair(unix_ns);
    scale().follow(unix_ns, ticks);
}

fn unix_ns() -> u64 {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH);
    unix.unwrap_or_default().as_nanos() as u64
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
        #[allow(
            unsafe_code,
            unused_unsafe,
            reason = "before Rust 1.94 it is declared unsafe; it has no precondition"
        )]
        // SAFETY: CPUID exists on every x86_64 processor and touches no memory.
        let cpuid = |leaf| unsafe { __cpuid(leaf) };
        cpuid(0x8000_0000).eax >= 0x8000_0007 && cpuid(0x8000_0007).edx & (1 << 8) != 0
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
    let (start, start_ticks) = tight_pair(Instant::now);
    while start.elapsed() < Duration::from_millis(10) {
        std::hint::spin_loop();
    }
    let (end, end_ticks) = tight_pair(Instant::now);
    (end - start).as_nanos() as f64 / (end_ticks - start_ticks) as f64
}

/// Two clocks read together: the tightest of several tries.
fn tight_pair<T>(read: impl Fn() -> T) -> (T, u64) {
    let attempt = || {
        let before = now();
        let read = read();
        let width = now() - before;
        (width, read, before + width / 2)
    };
    let (_, read, ticks) = (1..16).fold(attempt(), |best, _| {
        let next = attempt();
        if next.0 < best.0 { next } else { best }
    });
    (read, ticks)
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
            ..Scale::NANOSECONDS
        };
        assert_eq!(scale.unix_ns(1_002), 10_001);
        assert_eq!(scale.unix_ns(998), 9_999);
        assert_eq!(scale.ticks(Duration::from_nanos(50)), 100);
    }

    #[test]
    fn the_wall_clock_is_followed_and_its_noise_is_not() {
        static AHEAD: AtomicI64 = AtomicI64::new(0);
        let scale = Scale {
            ahead_ns: &AHEAD,
            ..Scale::NANOSECONDS
        };
        scale.follow(1_000_000 + NOISE_NS, 1_000_000);
        assert_eq!(scale.unix_ns(1_000_000), 1_000_000);
        scale.follow(9_000_000, 1_000_000);
        assert_eq!(scale.unix_ns(2_000_000), 10_000_000);
        scale.follow(500_000, 1_000_000);
        assert_eq!(scale.unix_ns(2_000_000), 1_500_000);
    }
}
