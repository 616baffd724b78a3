//! What an annotated call costs, beside a floor and beside other libraries, on one thread and in one run.
//!
//! ```text
//! cargo bench -p tracer-runtime --bench compare              # the table, then `ratio NAME VALUE` lines
//! cargo bench -p tracer-runtime --bench compare -- quick     # the same in a quarter of the time
//! cargo bench -p tracer-runtime --bench compare -- ours      # ours and the floor alone; also with `quick`
//! cargo bench -p tracer-runtime --bench compare -- spans     # spans of other crates, through layers; also with `quick`
//! cargo bench -p tracer-runtime --bench compare -- opentelemetry   # its API over our provider and the SDK's; also with `quick`
//! cargo bench -p tracer-runtime --bench compare -- threads   # CPU time per call, two threads against one
//! ```
//!
//! Medians are of the samples during which nobody else ran on the same core, as far as a piece of arithmetic just before
//! and just after can tell; of all samples where these are fewer than twenty.
//!
//! What is compared with OpenTelemetry's SDK runs in bursts that fit into the SDK's queue of 2,048 spans, and after each
//! both sides export all of it, to exporters that do nothing: a batch processor that cannot follow drops spans, and a
//! dropped span costs less than one that is handed over. What either side lost is printed, and is to be nothing.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark"
)]

#[path = "compare/bridges.rs"]
mod bridges;
#[path = "compare/load.rs"]
mod load;
#[path = "compare/measure.rs"]
mod measure;
#[path = "compare/opentelemetry.rs"]
mod opentelemetry;
#[path = "compare/others.rs"]
mod others;
#[path = "compare/ours.rs"]
mod ours;

use measure::{Rows, run};
use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;
use tracer_runtime::{Keep, Sampler, Telemetry};

/// Calls under one root.
const CHILDREN: u64 = 100;

fn main() {
    let argument = |name| std::env::args().any(|argument| argument == name);
    let quick = argument("quick");
    if argument("threads") {
        let telemetry = init();
        load::threads(quick);
        drop(telemetry);
        return;
    }
    let per_row = Duration::from_millis(if quick { 150 } else { 1_000 });
    if argument("spans") {
        let telemetry = init();
        others::init();
        bridges::print(&bridges::layers(&telemetry, per_row));
        return;
    }
    if argument("opentelemetry") {
        let telemetry = init();
        bridges::print(&bridges::apis(&telemetry, per_row));
        return;
    }

    println!("before `init`");
    let before = uninitialised(per_row);
    let telemetry = init();
    println!("\nafter `init`");
    let ours = initialised(per_row);
    if !argument("ours") {
        beside_others(&telemetry, &ours, per_row, quick);
    }
    println!();
    for (name, row) in [
        ("recorded_call/floor", "traced"),
        ("root_call/floor", "root"),
        ("async_call/floor", "async"),
        ("async_root_call/floor", "async root"),
        ("kept_call/floor", "kept"),
    ] {
        ratio(name, ours.ratio(row, "floor"));
    }
    ratio("uninitialised_ns", before.difference("traced", "bare"));
    drop(telemetry);
}

/// What is not measured against the floor.
fn beside_others(telemetry: &Rc<Telemetry>, ours: &Rows, per_row: Duration, quick: bool) {
    let recorded = ours.median("traced");
    println!("\ntasks");
    // Before there is a subscriber, whose spans tasks carry too.
    let tasks = tasks(per_row);
    println!("\nOpenTelemetry");
    let apis = bridges::apis(telemetry, per_row);
    // Before there is a global one, which would see ours too.
    let time = Duration::from_secs(if quick { 3 } else { 10 });
    println!("\nsustained, {} s each", time.as_secs());
    let undecided = load::sustained("#[traced], nothing kept", time, || {
        black_box(ours::root(CHILDREN));
    });
    let headers = ours::sampled_headers();
    let kept = load::sustained("#[traced], everything kept", time, || {
        black_box(ours::kept_root(&headers, CHILDREN));
    });
    println!("\nother libraries");
    others::init();
    let others = other_libraries(per_row);
    println!("\nspans of other crates");
    let layers = bridges::layers(telemetry, per_row);
    let fastrace = load::sustained("fastrace", time, || {
        black_box(others::fastrace_root(CHILDREN));
    });
    println!();
    let task = tasks.difference("traced task", "bare task") - recorded;
    ratio("spawned_task_ns", task);
    let drop_in = others.median("instrument ours");
    let original = others.median("instrument registry");
    ratio(
        "instrument_ours_registry/instrument_registry",
        drop_in / original,
    );
    let instrument = others.median("instrument otel");
    ratio("instrument_otel/recorded_call", instrument / recorded);
    ratio("sustained/fastrace_sustained", kept.p50 / fastrace.p50);
    bridges::print(&layers);
    bridges::print(&apis);
    ratio("context_current/floor", ours.ratio("context", "floor"));
    ratio("drop_share_sustained_kept", kept.dropped);
    ratio("drop_share_sustained_undecided", undecided.dropped);
}

fn ratio(name: &str, value: f64) {
    println!("ratio {name} {value:.3}");
}

/// Decides against every trace that does not continue a sampled one.
fn init() -> Rc<Telemetry> {
    let telemetry = tracer_runtime::builder()
        .with_sampler(Sampler::always_off())
        .with_keep(Keep::nothing())
        .with_discarding_exporter()
        .without_otel_provider()
        .init()
        .unwrap();
    Rc::new(telemetry)
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

/// Our rows and the floor, with nothing between them that fills the caches or leaves work for the other core.
fn initialised(per_row: Duration) -> Rows {
    let mut scratch = measure::Scratch::default();
    let headers = ours::sampled_headers();
    let mut rows = Rows::default();
    rows.add("bare", "bare call", CHILDREN, || {
        black_box(ours::bare_calls(CHILDREN));
    });
    let floor = "floor: two TSC reads, a 64-byte store";
    rows.add("floor", floor, CHILDREN, move || {
        for i in 0..CHILDREN {
            black_box(scratch.floor(i));
        }
    });
    rows.add("traced", "#[traced]", CHILDREN, || {
        black_box(ours::root(CHILDREN));
    });
    rows.add("no metrics", "#[traced(metrics = off)]", CHILDREN, || {
        black_box(ours::root_without_metrics(CHILDREN));
    });
    rows.add("root", "#[traced], each its own root", CHILDREN, || {
        black_box(ours::calls(CHILDREN));
    });
    rows.add(
        "context",
        "Context::current(), under a root",
        CHILDREN,
        || {
            black_box(ours::contexts(CHILDREN));
        },
    );
    rows.add("bare async", "bare async call", CHILDREN, || {
        black_box(run(ours::bare_async_calls(CHILDREN)));
    });
    rows.add("async", "#[traced] async", CHILDREN, || {
        black_box(run(ours::async_root(CHILDREN)));
    });
    let async_root = "#[traced] async, each its own root";
    rows.add("async root", async_root, CHILDREN, || {
        black_box(run(ours::async_calls(CHILDREN)));
    });
    rows.add("kept", "#[traced], everything kept", CHILDREN, move || {
        black_box(ours::kept_root(&headers, CHILDREN));
    });
    rows.measure(per_row);
    rows
}

fn tasks(per_row: Duration) -> Rows {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let runtime: &'static tokio::runtime::Runtime = Box::leak(Box::new(runtime));
    let mut rows = Rows::default();
    rows.add("bare task", "spawned task, no context", CHILDREN, || {
        black_box(runtime.block_on(ours::spawn_bare(CHILDREN)));
    });
    let in_context = "spawned task in context, one #[traced] call";
    rows.add("traced task", in_context, CHILDREN, || {
        black_box(runtime.block_on(ours::spawn_in_context(CHILDREN)));
    });
    rows.measure(per_row);
    rows
}

fn other_libraries(per_row: Duration) -> Rows {
    let otel = others::otel_tracer();
    let registry = others::registry();
    let same_registry = registry.clone();
    let mut rows = Rows::default();
    rows.add("fastrace", "fastrace #[trace]", CHILDREN, || {
        black_box(others::fastrace_root(CHILDREN));
    });
    let with_registry = "#[instrument], Registry";
    rows.add("instrument registry", with_registry, CHILDREN, move || {
        tracing::dispatcher::with_default(&registry, || {
            black_box(others::instrument_root(CHILDREN));
        });
    });
    let ours = "our #[instrument], Registry";
    rows.add("instrument ours", ours, CHILDREN, move || {
        tracing::dispatcher::with_default(&same_registry, || {
            black_box(others::instrument_ours_root(CHILDREN));
        });
    });
    let with_otel = "#[instrument], tracing-opentelemetry, SDK batch";
    rows.add("instrument otel", with_otel, CHILDREN, || {
        black_box(others::instrument_root(CHILDREN));
    });
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
