//! What an annotated call costs, beside a floor and beside other libraries, on one thread and in one run.
//!
//! ```text
//! cargo bench -p tracer-runtime --bench compare              # the table, then `ratio NAME VALUE` lines
//! cargo bench -p tracer-runtime --bench compare -- quick     # the same in a tenth of the time
//! cargo bench -p tracer-runtime --bench compare -- threads   # CPU time per call, two threads against one
//! ```
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark"
)]

#[path = "compare/load.rs"]
mod load;
#[path = "compare/measure.rs"]
mod measure;
#[path = "compare/others.rs"]
mod others;
#[path = "compare/ours.rs"]
mod ours;

use measure::{Rows, run};
use std::hint::black_box;
use std::time::Duration;
use tracer_runtime::{Keep, Sampler, Telemetry};

/// Calls under one root.
const CHILDREN: u64 = 100;

fn main() {
    let argument = |name| std::env::args().any(|argument| argument == name);
    if argument("threads") {
        let telemetry = init();
        load::threads(argument("quick"));
        drop(telemetry);
        return;
    }
    let (per_row, sustained) = if argument("quick") {
        (Duration::from_millis(60), Duration::from_secs(1))
    } else {
        (Duration::from_millis(600), Duration::from_secs(10))
    };

    println!("before `init`");
    let before = uninitialised(per_row);
    let telemetry = init();
    others::init();
    println!("\nafter `init`");
    let after = initialised(per_row);
    println!("\nsustained, {} s each", sustained.as_secs());
    let undecided = load::sustained("#[traced], nothing kept", sustained, || {
        black_box(ours::root(CHILDREN));
    });
    let kept = load::sustained("#[traced], everything kept", sustained, || {
        black_box(ours::kept_root(CHILDREN));
    });
    let fastrace = load::sustained("fastrace", sustained, || {
        black_box(others::fastrace_root(CHILDREN));
    });

    println!();
    let floor = after.median("floor");
    let recorded = after.median("traced");
    let task = after.median("traced task") - after.median("bare task") - recorded;
    ratio("recorded_call/floor", recorded / floor);
    ratio("root_call/floor", after.median("root") / floor);
    ratio("async_call/floor", after.median("async") / floor);
    ratio("async_root_call/floor", after.median("async root") / floor);
    ratio("kept_call/floor", after.median("kept") / floor);
    ratio(
        "uninitialised_ns",
        before.median("traced") - before.median("bare"),
    );
    ratio("spawned_task_ns", task);
    ratio(
        "instrument_otel/recorded_call",
        after.median("instrument otel") / recorded,
    );
    ratio("sustained/fastrace_sustained", kept.p50 / fastrace.p50);
    ratio("drop_share_sustained_kept", kept.dropped);
    ratio("drop_share_sustained_undecided", undecided.dropped);
    drop(telemetry);
}

fn ratio(name: &str, value: f64) {
    println!("ratio {name} {value:.3}");
}

/// Decides against every trace that does not continue a sampled one.
fn init() -> Telemetry {
    tracer_runtime::builder()
        .with_sampler(Sampler::always_off())
        .with_keep(Keep::nothing())
        .with_discarding_exporter()
        .init()
        .unwrap()
}

fn uninitialised(per_row: Duration) -> Rows {
    let mut rows = Rows::default();
    rows.add("bare", "bare call", CHILDREN, || {
        black_box(ours::bare_calls(CHILDREN));
    });
    rows.add("traced", "#[traced]", CHILDREN, || {
        black_box(ours::calls(CHILDREN));
    });
    rows.add("bare async", "bare async call", CHILDREN, || {
        black_box(run(ours::bare_async_calls(CHILDREN)));
    });
    rows.add("async", "#[traced] async", CHILDREN, || {
        black_box(run(ours::async_calls(CHILDREN)));
    });
    rows.measure(per_row);
    rows
}

fn initialised(per_row: Duration) -> Rows {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let runtime: &'static tokio::runtime::Runtime = Box::leak(Box::new(runtime));
    let otel = others::otel_tracer();
    let registry = others::registry();
    let mut scratch = measure::Scratch::default();
    let mut rows = Rows::default();

    rows.add("bare", "bare call", CHILDREN, || {
        black_box(ours::bare_calls(CHILDREN));
    });
    rows.add(
        "floor",
        "floor: two TSC reads, a 64-byte store",
        CHILDREN,
        move || {
            for i in 0..CHILDREN {
                black_box(scratch.floor(i));
            }
        },
    );
    rows.add("traced", "#[traced]", CHILDREN, || {
        black_box(ours::root(CHILDREN));
    });
    rows.add("no metrics", "#[traced(metrics = false)]", CHILDREN, || {
        black_box(ours::root_without_metrics(CHILDREN));
    });
    rows.add("root", "#[traced], each its own root", CHILDREN, || {
        black_box(ours::calls(CHILDREN));
    });
    rows.add("bare async", "bare async call", CHILDREN, || {
        black_box(run(ours::bare_async_calls(CHILDREN)));
    });
    rows.add("async", "#[traced] async", CHILDREN, || {
        black_box(run(ours::async_root(CHILDREN)));
    });
    rows.add(
        "async root",
        "#[traced] async, each its own root",
        CHILDREN,
        || {
            black_box(run(ours::async_calls(CHILDREN)));
        },
    );
    rows.add("kept", "#[traced], everything kept", CHILDREN, || {
        black_box(ours::kept_root(CHILDREN));
    });
    rows.add("bare task", "spawned task, no context", CHILDREN, || {
        black_box(runtime.block_on(ours::spawn_bare(CHILDREN)));
    });
    rows.add(
        "traced task",
        "spawned task in context, one #[traced] call",
        CHILDREN,
        || {
            black_box(runtime.block_on(ours::spawn_in_context(CHILDREN)));
        },
    );
    rows.add("fastrace", "fastrace #[trace]", CHILDREN, || {
        black_box(others::fastrace_root(CHILDREN));
    });
    rows.add(
        "instrument registry",
        "#[instrument], Registry",
        CHILDREN,
        move || {
            tracing::dispatcher::with_default(&registry, || {
                black_box(others::instrument_root(CHILDREN));
            });
        },
    );
    rows.add(
        "instrument otel",
        "#[instrument], tracing-opentelemetry, SDK batch",
        CHILDREN,
        || {
            black_box(others::instrument_root(CHILDREN));
        },
    );
    rows.add(
        "otel",
        "OpenTelemetry SDK span, batch",
        CHILDREN,
        move || {
            black_box(others::otel_root(&otel, CHILDREN));
        },
    );
    rows.add("autometrics", "#[autometrics]", CHILDREN, || {
        black_box(others::autometrics_calls(CHILDREN));
    });
    rows.measure(per_row);
    rows
}
