//! A server as many write it: its loop is traced, and so is all that it spawns.

use tracer_runtime::traced;

#[traced]
async fn handle(n: u64) -> Result<(), std::fmt::Error> {
    tokio::task::yield_now().await;
    if n.is_multiple_of(1000) {
        Err(std::fmt::Error)
    } else {
        Ok(())
    }
}

#[traced]
async fn serve(requests: u64, at_a_time: u64, mut report: impl FnMut(u64)) {
    for n in (0..requests).step_by(at_a_time as usize) {
        let handlers: Vec<_> = (n..n + at_a_time)
            .map(|n| tracer_runtime::spawn(handle(n)))
            .collect();
        for handler in handlers {
            let _ = handler.await.unwrap();
        }
        report(n + at_a_time);
    }
}

/// Serves this many requests on two threads, of which one in a thousand fails; tells how many it has served so far.
pub(crate) fn run(requests: u64, at_a_time: u64, report: impl FnMut(u64)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(serve(requests, at_a_time, report));
}
