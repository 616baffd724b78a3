//! Beside an `OpenTelemetryLayer` without `enable`: annotated functions have no spans, so there is nothing to agree on.
