//! usage: `echo_client SERVICE ADDRESS CALLS`. Calls the echo as the Kitex client does: below one span, every tenth call
//! fails; then prints `calls SUCCEEDED FAILED` and `trace ID`.
#![allow(clippy::print_stdout, reason = "a check reads it")]

use std::time::Duration;

use tonic::Status;
use tracer_e2e_services::echo::Words;
use tracer_e2e_services::echo::echo_client::EchoClient;
use tracer_e2e_services::{
    Calls, Result, argument, connect, start_telemetry, stop_telemetry, until_closed,
};
use tracer_runtime::{Baggage, Context, FutureExt as _, traced};

#[traced]
async fn run(echo: EchoClient<Calls>, calls: usize) {
    let baggage = Baggage::current().with("tenant", "acme");
    let (succeeded, failed) = call(echo, calls).with_baggage(baggage).await;
    println!("calls {succeeded} {failed}");
    println!("trace {}", Context::current().trace_id());
}

async fn call(mut echo: EchoClient<Calls>, calls: usize) -> (usize, usize) {
    let mut failed = 0;
    for i in 0..calls {
        let words = Words {
            text: "hello".to_owned(),
        };
        let answer = match i % 10 {
            9 => echo.fail(words).await,
            _ => echo.say(words).await,
        };
        if let Err(status) = answer {
            report(&status);
            failed += 1;
        }
    }
    (calls - failed, failed)
}

fn report(status: &Status) {
    eprintln!("call: {status}");
}

#[tokio::main]
async fn main() -> Result<()> {
    let telemetry = start_telemetry()?;
    let service = argument(1, "SERVICE")?;
    let channel = connect(service, &argument(2, "ADDRESS")?).await?;
    run(EchoClient::new(channel), argument(3, "CALLS")?.parse()?).await;
    telemetry.flush(Duration::from_secs(10))?;
    println!("sent");
    // Its metrics can be read until then.
    until_closed().await;
    stop_telemetry(telemetry)
}
