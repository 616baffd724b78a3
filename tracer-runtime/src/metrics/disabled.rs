//! Metrics without the feature `enable`: there are none.

/// An exposition without metrics: the feature `enable` is off.
#[must_use]
pub fn encode() -> String {
    "# EOF\n".to_owned()
}
