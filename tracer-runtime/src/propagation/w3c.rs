//! W3C trace context in a carrier.

use super::{Extract, Inject, traceparent, tracestate};
use crate::context::Remote;
use crate::recorder::local;

/// The caller's context, where the carrier has a valid one.
///
/// <https://www.w3.org/TR/trace-context-2/>; a malformed or repeated `traceparent` counts as none, a malformed
/// `tracestate` is dropped alone.
///
/// ```
/// use std::collections::HashMap;
/// use tracer_runtime::propagation::extract;
///
/// let mut headers = HashMap::new();
/// headers.insert("traceparent".to_owned(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
/// let remote = extract(&headers).expect("it is well-formed");
/// assert_eq!(remote.trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
/// ```
pub fn extract<C: Extract + ?Sized>(carrier: &C) -> Option<Remote> {
    let mut parents = carrier.get_all(traceparent::HEADER).into_iter();
    let (parent, another) = (parents.next()?, parents.next());
    if another.is_some() {
        return None;
    }
    let (trace_id, span_id, flags) = traceparent::parse(parent)?;
    let states = carrier.get_all(tracestate::HEADER);
    Some(Remote {
        trace_id,
        span_id,
        flags,
        tracestate: tracestate::combine(&states),
    })
}

/// Writes the current context into the carrier; nothing where no span runs.
pub fn inject<C: Inject + ?Sized>(carrier: &mut C) {
    let current = local::with(|local| {
        let (sampled, tracestate) =
            local.inspect(|fragment| (fragment.sampled, fragment.tracestate.clone()))?;
        Some((local.trace.get(), local.span.get(), sampled, tracestate))
    });
    let Some((trace, span, sampled, tracestate)) = current.flatten() else {
        return;
    };
    carrier.set(
        traceparent::HEADER,
        traceparent::format(trace, span, sampled),
    );
    if let Some(tracestate) = tracestate {
        carrier.set(tracestate::HEADER, tracestate.as_ref().to_owned());
    }
}
