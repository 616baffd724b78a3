//! usage: `echo_client SERVICE ADDRESS`. Calls the echo as the Kitex client does: for each line of standard input, a
//! number, that many calls below one span, every tenth to fail. Then it prints `calls SUCCEEDED FAILED`,
//! `nanoseconds N …` of those that succeeded, measured around them, and `trace ID`. It ends with its input.
#![allow(clippy::print_stdout, reason = "a check reads it")]

use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};
use tracer_e2e_services::echo::Words;
use tracer_e2e_services::echo::echo_client::EchoClient;
use tracer_e2e_services::{
    Calls, Result, argument, connect, send, start_telemetry, stop_telemetry,
};
use tracer_runtime::{Baggage, Context, FutureExt as _, traced};

#[traced]
async fn run(echo: EchoClient<Calls>, calls: usize) {
    let baggage = Baggage::current().with("tenant", "acme");
    let spent = call(echo, calls).with_baggage(baggage).await;
    println!("calls {} {}", spent.len(), calls - spent.len());
    let spent: Vec<_> = spent
        .iter()
        .map(|spent| spent.as_nanos().to_string())
        .collect();
    println!("nanoseconds {}", spent.join(" "));
    println!("trace {}", Context::current().trace_id());
}

/// How long each took that succeeded.
async fn call(mut echo: EchoClient<Calls>, calls: usize) -> Vec<Duration> {
    let mut spent = Vec::new();
    for i in 0..calls {
        let words = Words {
            text: "hello".to_owned(),
        };
        let start = Instant::now();
        let answer = match i % 10 {
            9 => echo.fail(words).await,
            _ => echo.say(words).await,
        };
        match answer {
            Ok(_) => spent.push(start.elapsed()),
            Err(status) => eprintln!("call: {status}"),
        }
    }
    spent
}

#[tokio::main]
async fn main() -> Result<()> {
    let telemetry = start_telemetry()?;
    let service = argument(1, "SERVICE")?;
    let channel = connect(service, &argument(2, "ADDRESS")?).await?;
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        run(EchoClient::new(channel.clone()), line.trim().parse()?).await;
        send(&telemetry);
    }
    stop_telemetry(telemetry);
    Ok(())
}
