//! The console as a program meets it: one process, real output, and a terminal that takes nothing.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use tracer_runtime::{Console, traced};

/// Says that it was called, then takes nothing until the other side lets go.
struct Stuck {
    called: Sender<()>,
    wait: Receiver<()>,
}

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.called.send(());
        let _ = self.wait.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[traced]
fn work() {}

#[test]
fn a_stuck_terminal_blocks_neither_calls_nor_shutdown() {
    let (called, was_called) = channel();
    let (let_go, wait) = channel();
    let telemetry = tracer_runtime::builder()
        .with_console_to(Console::to(Stuck { called, wait }))
        .init()
        .unwrap();
    work();
    was_called.recv_timeout(Duration::from_secs(30)).unwrap();
    // More than any queue holds.
    for _ in 0..100_000 {
        work();
    }
    let start = Instant::now();
    let patience = Duration::from_millis(50);
    assert!(telemetry.flush(patience).is_err());
    assert!(telemetry.shutdown(patience).is_err());
    // Far less than for ever, on a busy machine too.
    assert!(start.elapsed() < Duration::from_secs(10));
    drop(let_go);
    let calls = r#"function_calls_total{function="work",module="console",outcome="ok"} 100001"#;
    assert!(tracer_runtime::metrics::encode().contains(calls));
}
