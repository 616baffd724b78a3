//! A stream of a hundred thousand messages: what one costs more, and what it leaves behind.

use tonic::client::Grpc;
use tonic::transport::Server;
use tower::ServiceBuilder;
use tracer_runtime::integrations::tower::{ClientLayer, ServerLayer};

use crate::cpu::cpu_ns;
use crate::ratio;
use crate::service::{Reserve, connect, count, incoming};

const MESSAGES: usize = 100_000;

pub(crate) fn run() {
    let telemetry = tracer_runtime::builder().with_discarding_exporter().init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (mut bare_ns, mut ours_ns, mut growth) = (Vec::new(), Vec::new(), 0_i64);
    runtime.block_on(async {
        let (url, listening) = incoming().await;
        tokio::spawn(
            Server::builder()
                .add_service(Reserve)
                .serve_with_incoming(listening),
        );
        let mut bare = Grpc::new(connect(url).await);
        let (url, listening) = incoming().await;
        let server = Server::builder()
            .layer(ServerLayer::new())
            .add_service(Reserve);
        tokio::spawn(server.serve_with_incoming(listening));
        let layered = ServiceBuilder::new()
            .layer(ClientLayer::new())
            .service(connect(url).await);
        let mut ours = Grpc::new(layered);
        for round in 0..12 {
            let before = cpu_ns();
            count(&mut bare, MESSAGES).await;
            let between = cpu_ns();
            let resident = resident_bytes();
            count(&mut ours, MESSAGES).await;
            if round >= 2 {
                bare_ns.push((between - before) as f64 / MESSAGES as f64);
                ours_ns.push((cpu_ns() - between) as f64 / MESSAGES as f64);
                growth = growth.max(resident_bytes() - resident);
            }
        }
    });
    let median = |all: &mut Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let (bare, ours) = (median(&mut bare_ns), median(&mut ours_ns));
    println!("CPU a message, both sides: bare {bare:.1} ns, ours {ours:.1} ns");
    println!("resident memory grew by {growth} bytes at most during a stream");
    ratio("stream_added_ns_per_message", ours - bare);
    drop(telemetry);
}

fn resident_bytes() -> i64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<i64>().unwrap() * 4096
}
