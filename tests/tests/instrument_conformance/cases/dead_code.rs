//! A function that nobody calls is still one.

use super::instrument;

#[expect(dead_code, reason = "this is what is tested")]
#[instrument]
fn unused() {}

#[expect(dead_code, reason = "this is what is tested")]
#[instrument]
async fn unused_async() {}

/// The compiler has said it: an expectation that is not met is a warning, which the checks deny.
pub(crate) fn is_still_reported() {}
