//! What the process uses, as the system counts it: from `/proc` on Linux, nothing elsewhere.

use std::fs;

use super::family::{Family, PointValue};
use super::names;

/// What could be read.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Process {
    /// In user mode and in the kernel.
    cpu_seconds: Option<f64>,
    resident_bytes: Option<u64>,
    virtual_bytes: Option<u64>,
    threads: Option<u64>,
    open_fds: Option<u64>,
    max_fds: Option<u64>,
    /// Since the epoch.
    start_seconds: Option<f64>,
}

/// Reads it anew; takes a few file reads.
pub(crate) fn read() -> Process {
    if !cfg!(target_os = "linux") {
        return Process::default();
    }
    let text = |path| fs::read_to_string(path).unwrap_or_default();
    let units = Units::parse(&fs::read("/proc/self/auxv").unwrap_or_default());
    let mut process = Process::default();
    process.parse_stat(&text("/proc/self/stat"), &text("/proc/stat"), &units);
    process.max_fds = max_fds(&text("/proc/self/limits"));
    // Reading the directory takes one itself.
    process.open_fds = fs::read_dir("/proc/self/fd")
        .ok()
        .map(|entries| (entries.count() as u64).saturating_sub(1));
    process
}

/// What the kernel counts in.
#[derive(Debug, PartialEq)]
struct Units {
    page_bytes: u64,
    ticks_per_second: u64,
}

impl Units {
    /// From the auxiliary vector: pairs of words. Saves a call into libc.
    fn parse(auxv: &[u8]) -> Self {
        const PAGE_SIZE: usize = 6;
        const CLOCK_TICKS: usize = 17;
        let words: Vec<usize> = auxv
            .chunks_exact(size_of::<usize>())
            .filter_map(|word| word.try_into().ok().map(usize::from_ne_bytes))
            .collect();
        let find = |wanted: usize, otherwise: u64| {
            let mut pairs = words.chunks_exact(2);
            let value = pairs
                .find(|pair| pair[0] == wanted)
                .map(|pair| pair[1] as u64);
            value.filter(|&value| value != 0).unwrap_or(otherwise)
        };
        Self {
            page_bytes: find(PAGE_SIZE, 4096),
            ticks_per_second: find(CLOCK_TICKS, 100),
        }
    }
}

impl Process {
    /// From `/proc/self/stat`, see `proc_pid_stat(5)`; `/proc/stat` has the time of the boot.
    fn parse_stat(&mut self, stat: &str, system: &str, units: &Units) {
        // The name of the program, in parentheses, may hold anything, so the fields are counted from behind it.
        let Some((_, fields)) = stat.rsplit_once(')') else {
            return;
        };
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let seconds = |ticks: u64| ticks as f64 / units.ticks_per_second as f64;
        let (user, kernel) = (field(14), field(15));
        self.cpu_seconds = user
            .zip(kernel)
            .map(|(user, kernel)| seconds(user + kernel));
        self.threads = field(20);
        self.virtual_bytes = field(23);
        self.resident_bytes = field(24).map(|pages| pages.saturating_mul(units.page_bytes));
        let boot = system.lines().find_map(|line| line.strip_prefix("btime "));
        let boot = boot.and_then(|seconds| seconds.trim().parse::<f64>().ok());
        self.start_seconds = boot
            .zip(field(22))
            .map(|(boot, after)| boot + seconds(after));
    }

    pub(super) fn families(&self) -> Vec<Family<'static>> {
        let integers = [
            (names::MEMORY_RESIDENT, self.resident_bytes),
            (names::MEMORY_VIRTUAL, self.virtual_bytes),
            (names::THREADS, self.threads),
            (names::OPEN_FDS, self.open_fds),
            (names::MAX_FDS, self.max_fds),
        ];
        let floats = [
            (names::CPU_TIME, self.cpu_seconds),
            (names::START_TIME, self.start_seconds),
        ];
        let floats = floats
            .into_iter()
            .filter_map(|(metric, value)| Some(Family::single(metric, PointValue::Float(value?))));
        let integers = integers.into_iter().filter_map(|(metric, value)| {
            Some(Family::single(metric, PointValue::Integer(value?)))
        });
        floats.chain(integers).collect()
    }
}

/// The soft limit; `None` where there is none.
fn max_fds(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_found_whatever_the_program_is_called() {
        let stat =
            "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 150 0 0 20 0 5 0 1000 8192000 300 9 9";
        let units = Units {
            page_bytes: 4096,
            ticks_per_second: 100,
        };
        let mut process = Process::default();
        process.parse_stat(stat, "cpu 1 2\nbtime 1700000000\n", &units);
        let expected = Process {
            cpu_seconds: Some(4.0),
            resident_bytes: Some(300 * 4096),
            virtual_bytes: Some(8_192_000),
            threads: Some(5),
            start_seconds: Some(1_700_000_010.0),
            ..Process::default()
        };
        assert_eq!(process, expected);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let mut process = Process::default();
        let units = Units::parse(&[]);
        for broken in ["", "1 (a", "1 (a) S", "1 (a) S x y z"] {
            process.parse_stat(broken, "", &units);
        }
        assert_eq!(process, Process::default());
        assert!(process.families().is_empty());
        assert_eq!(max_fds("Max open files  unlimited unlimited files"), None);
        assert_eq!(max_fds("Max open files  1024  4096 files"), Some(1024));
    }

    #[test]
    #[cfg(all(target_os = "linux", not(miri)))]
    fn a_linux_process_knows_everything() {
        let process = read();
        assert_eq!(process.families().len(), 7, "{process:?}");
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map(|since| since.as_secs_f64())
            .unwrap_or_default();
        let age = now - process.start_seconds.unwrap_or_default();
        assert!((-1.0..3_600.0).contains(&age), "{age} s old");
        assert!(process.open_fds < process.max_fds);
        assert!(process.resident_bytes < process.virtual_bytes);
    }
}
