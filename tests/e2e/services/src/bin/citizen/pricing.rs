//! Stands for a crate that depends on `opentelemetry` alone.

use opentelemetry::trace::{FutureExt as _, SpanKind, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue, global};

/// The price of an item, less what `discount` says, which is asked for within the span.
pub(crate) async fn price(item: &'static str, discount: impl Future<Output = u32>) -> u32 {
    let tracer = global::tracer("pricing");
    let span = tracer
        .span_builder("price")
        .with_kind(SpanKind::Client)
        .with_attributes([KeyValue::new("item", item)])
        .start(&tracer);
    let context = Context::current_with_span(span);
    let percent = discount.with_context(context.clone()).await;
    let price = 200 - 2 * percent;
    context
        .span()
        .add_event("found", vec![KeyValue::new("price", i64::from(price))]);
    context.span().end();
    price
}
