//! What was wrong with what came, or with what was to be written: ignored, and counted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The `format` label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Format {
    TraceParent,
    TraceState,
    Baggage,
    B3,
    Jaeger,
    Kitex,
    Kratos,
    /// A carrier that cannot hold a value, whatever the format.
    Carrier,
}

/// The `reason` label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Reason {
    /// Not what the format allows.
    Malformed,
    /// Several headers, or members, where one is allowed.
    Repeated,
    /// More bytes than allowed.
    TooLong,
    /// More members than allowed.
    TooMany,
    /// Not UTF-8.
    NotText,
    /// A name or value that the format cannot write.
    Unwritable,
}

const FORMATS: [(Format, &str); 8] = [
    (Format::TraceParent, "traceparent"),
    (Format::TraceState, "tracestate"),
    (Format::Baggage, "baggage"),
    (Format::B3, "b3"),
    (Format::Jaeger, "jaeger"),
    (Format::Kitex, "kitex"),
    (Format::Kratos, "kratos"),
    (Format::Carrier, "carrier"),
];

const REASONS: [(Reason, &str); 6] = [
    (Reason::Malformed, "malformed"),
    (Reason::Repeated, "repeated"),
    (Reason::TooLong, "too_long"),
    (Reason::TooMany, "too_many"),
    (Reason::NotText, "not_text"),
    (Reason::Unwritable, "unwritable"),
];

static ERRORS: [[AtomicU64; REASONS.len()]; FORMATS.len()] =
    [const { [const { AtomicU64::new(0) }; REASONS.len()] }; FORMATS.len()];

#[cold]
pub(super) fn count(format: Format, reason: Reason) {
    ERRORS[format as usize][reason as usize].fetch_add(1, Relaxed);
}

/// Format, reason and how often, where it was seen.
pub(crate) fn totals() -> impl Iterator<Item = (&'static str, &'static str, u64)> {
    FORMATS.into_iter().flat_map(|(format, format_name)| {
        REASONS
            .into_iter()
            .filter_map(move |(reason, reason_name)| {
                let errors = ERRORS[format as usize][reason as usize].load(Relaxed);
                (errors > 0).then_some((format_name, reason_name, errors))
            })
    })
}
