//! CPU time, as the scheduler counts it: `getrusage` has the same, in microseconds.

/// Of this thread, in nanoseconds.
pub(crate) fn cpu_ns() -> u64 {
    // The kernel adds up what a thread has used at its ticks, milliseconds apart, and when it is scheduled.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Of all threads, in nanoseconds.
pub(crate) fn all_cpu_ns() -> u64 {
    std::thread::yield_now();
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let cpu = |thread: std::fs::DirEntry| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).unwrap();
        text.split(' ').next().unwrap().parse::<u64>().unwrap()
    };
    threads.flatten().map(cpu).sum()
}

/// What the process has used so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    /// CPU time of this thread and of all others, in nanoseconds.
    pub(crate) own: u64,
    pub(crate) others: u64,
    /// Of this thread, from memory.
    pub(crate) page_faults: u64,
    /// Of this thread, whoever wanted them.
    pub(crate) switches: u64,
}

impl Spent {
    pub(crate) fn so_far() -> Self {
        let own = cpu_ns();
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let switches = status.lines().filter(|line| line.contains("ctxt_switches"));
        let number = |text: &str| text.trim().parse::<u64>().unwrap();
        Self {
            own,
            others: all_cpu_ns().saturating_sub(own),
            // The tenth field; the second is a name in brackets.
            page_faults: number(stat.rsplit(')').next().unwrap().split(' ').nth(8).unwrap()),
            switches: switches
                .map(|line| number(line.split(':').nth(1).unwrap()))
                .sum(),
        }
    }
}
