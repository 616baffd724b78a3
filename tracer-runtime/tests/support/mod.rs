//! What several tests of a whole process share.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "a test; each uses a part of it"
)]

pub(crate) mod allocator;
pub(crate) mod polling;
#[cfg(all(feature = "otlp", feature = "tracing"))]
pub(crate) mod receiver;
#[cfg(feature = "tokio")]
pub(crate) mod server;

use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Output};

/// The value of a sample of [`tracer_runtime::metrics::encode`], by its name and labels as they are written there;
/// 0 where there is none.
pub(crate) fn metric(sample: &str) -> u64 {
    let text = tracer_runtime::metrics::encode();
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    value.map_or(0, |value| value.split(' ').next().unwrap().parse().unwrap())
}

/// All samples of a counter.
pub(crate) fn samples(name: &str) -> Vec<(String, u64)> {
    let text = tracer_runtime::metrics::encode();
    let of_name = text.lines().filter(|line| line.starts_with(name));
    of_name
        .map(|line| {
            let (labels, value) = line.rsplit_once(' ').unwrap();
            (labels[name.len()..].to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// Records whose fate is known, and a check that those dropped are told by reason.
pub(crate) fn settled() -> u64 {
    let by_fate: u64 = samples("tracer_records_total{").iter().map(|s| s.1).sum();
    let by_reason: u64 = samples("tracer_records_dropped_total{")
        .iter()
        .map(|s| s.1)
        .sum();
    assert_eq!(by_reason, metric("tracer_records_total{fate=\"dropped\"}"));
    by_fate
}

/// Records dropped for a reason.
pub(crate) fn dropped(reason: &str) -> u64 {
    metric(&format!(
        "tracer_records_dropped_total{{reason=\"{reason}\"}}"
    ))
}

/// Calls that have ended, as the metrics of the functions count them.
pub(crate) fn calls() -> u64 {
    samples("function_calls_total{").iter().map(|s| s.1).sum()
}

/// An address where connections are taken and nothing is ever answered.
pub(crate) fn black_hole() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        while let Ok((connection, _)) = listener.accept() {
            open.push(connection);
        }
    });
    address
}

/// An address where connections are refused.
pub(crate) fn refusing() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// Threads that telemetry has started and that still run.
pub(crate) fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|name| name.starts_with("tracer-")).count()
}

/// Waits until none of them runs: a thread that has been joined or left is still listed for a moment.
pub(crate) fn no_threads() {
    let begin = std::time::Instant::now();
    while threads() > 0 {
        assert!(begin.elapsed().as_secs() < 10, "{} threads", threads());
        std::thread::yield_now();
    }
}

/// What this thread has used of a processor.
pub(crate) fn own_cpu_nanoseconds() -> u64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    times.split(' ').next().unwrap().parse().unwrap()
}

/// Resident memory of this process.
pub(crate) fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// The variable that tells a test that it is the child, and which one.
pub(crate) const CHILD: &str = "TRACER_TEST_CHILD";

/// This test program again, with the test `child` only, which finds `which` in [`CHILD`].
pub(crate) fn run_child(which: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("OTEL_") || name == "TRACER_FILTER" {
            command.env_remove(variable);
        }
    }
    command
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, which);
    command
}

/// What the child wrote to standard error, after it succeeded.
pub(crate) fn stderr_of(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    let (out, err) = (String::from_utf8_lossy(out), String::from_utf8_lossy(err));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    err.into_owned()
}
