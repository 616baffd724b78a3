//! A tracer that writes every call to InfluxDB as a line of its line protocol: in batches, from a thread of its own. The
//! call never waits for it: a full queue drops the line and counts it, and so does the thread what cannot be written.
//!
//! Run: `INFLUX_URL=http://127.0.0.1:8086 cargo run --example influx_tracer`; without the variable it prints the lines.
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant, SystemTime};

use tracer_runtime::rpc::{Endpoint, RPC_START, RpcCall, RpcInfo, RpcPlan, Tracer};

/// Lines that may wait.
const QUEUE: usize = 10_000;
/// Lines of one request.
const BATCH: usize = 1_000;

/// Hands each call to the thread that writes.
struct InfluxTracer {
    lines: SyncSender<Option<String>>,
    dropped: Arc<AtomicU64>,
}

impl Tracer for InfluxTracer {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {}

    fn finish(&self, rpc: &RpcInfo, (): ()) {
        if self.lines.try_send(Some(line(rpc))).is_err() {
            self.dropped.fetch_add(1, Relaxed);
        }
    }
}

/// `rpc,method=…,caller=… duration_us=…i,… TIME`
fn line(rpc: &RpcInfo) -> String {
    let stats = rpc.stats();
    let time = stats
        .event(RPC_START)
        .map_or_else(SystemTime::now, |start| start.time());
    let time = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    format!(
        "rpc,method={},caller={},outcome={} duration_us={}i,sent={}i,received={}i {}",
        escaped(&rpc.invocation().full_method()),
        escaped(rpc.from().service_name()),
        stats
            .outcome()
            .map_or("running", |outcome| outcome.as_str()),
        stats.cost().as_micros(),
        stats.send_size(),
        stats.recv_size(),
        time.as_nanos(),
    )
}

/// A tag may not be empty, and three characters have a meaning.
fn escaped(tag: &str) -> String {
    if tag.is_empty() {
        return "unknown".to_owned();
    }
    tag.replace(',', "\\,")
        .replace('=', "\\=")
        .replace(' ', "\\ ")
}

/// What became of the lines that were not dropped.
#[derive(Default)]
struct Lines {
    written: u64,
    failed: u64,
}

/// Writes until it is told to stop by `None`.
fn write(lines: &Receiver<Option<String>>, url: Option<&str>) -> io::Result<Lines> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let client = reqwest::Client::new();
    let mut done = Lines::default();
    while let Ok(Some(first)) = lines.recv() {
        let mut batch = vec![first];
        let mut stop = false;
        for line in lines.try_iter().take(BATCH - 1) {
            match line {
                Some(line) => batch.push(line),
                None => stop = true,
            }
        }
        let is_written = match url {
            Some(url) => runtime.block_on(post(&client, url, &batch)),
            None => {
                println!("{}", batch.join("\n"));
                true
            }
        };
        match is_written {
            true => done.written += batch.len() as u64,
            false => done.failed += batch.len() as u64,
        }
        if stop {
            break;
        }
    }
    Ok(done)
}

/// Whether InfluxDB has taken the lines.
async fn post(client: &reqwest::Client, url: &str, batch: &[String]) -> bool {
    let request = client
        .post(format!("{url}/write?db=rpc&precision=ns"))
        .timeout(Duration::from_secs(5))
        .body(batch.join("\n"));
    match request.send().await {
        Ok(answer) if answer.status().is_success() => return true,
        Ok(answer) => println!("InfluxDB said {}", answer.status()),
        Err(error) => println!("InfluxDB cannot be reached: {error}"),
    }
    false
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("INFLUX_URL").ok();
    let calls: u64 = std::env::args().nth(1).map_or(Ok(3), |n| n.parse())?;
    let (lines, waiting) = mpsc::sync_channel(QUEUE);
    let writer = std::thread::spawn(move || write(&waiting, url.as_deref()));
    let dropped = Arc::new(AtomicU64::new(0));
    let tracer = InfluxTracer {
        lines: lines.clone(),
        dropped: dropped.clone(),
    };
    let telemetry = tracer_runtime::builder().with_tracer(tracer).init()?;
    let start = Instant::now();
    for i in 0..calls {
        let plan = RpcPlan::server("demo").with_from(Endpoint::new("front"));
        let call = RpcCall::start(plan.with_service("shop", "Stock").with_method("reserve"));
        call.add_received(1, i);
        call.finish();
    }
    let spent = start.elapsed();
    telemetry.shutdown(Duration::from_secs(1))?;
    lines.send(None)?;
    let Lines { written, failed } = writer.join().map_err(|_| "the writer panicked")??;
    let dropped = dropped.load(Relaxed);
    println!(
        "{calls} calls in {} ms: {written} lines written, {failed} failed, {dropped} dropped",
        spent.as_millis()
    );
    assert_eq!(written + failed + dropped, calls);
    Ok(())
}
