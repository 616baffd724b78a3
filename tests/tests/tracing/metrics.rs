//! Counted where a filter asks for it.

use tracer_runtime::{metrics, testing};
use tracing::{error, info_span};

use crate::subscriber;

#[test]
fn spans_of_other_crates_are_not_counted_unless_asked_for() {
    let _capture = testing::capture();
    tracing::subscriber::with_default(subscriber(), || drop(info_span!("uncounted_span")));
    assert!(!metrics::encode().contains("uncounted_span"));
    let _ = error!("outside");
}
