//! Takes everything and does nothing with it: for benchmarks, and as the smallest example of an exporter.

use std::time::Instant;

use super::{ExportError, Exporter};
use crate::record::SpanView;

#[derive(Debug)]
pub(crate) struct Discard;

impl Exporter for Discard {
    fn export(&mut self, spans: &mut dyn Iterator<Item = SpanView<'_>>) -> bool {
        std::hint::black_box(spans.next());
        false
    }

    fn reads(&self) -> bool {
        false
    }

    fn flush(&mut self, _deadline: Instant) -> Result<(), ExportError> {
        Ok(())
    }

    fn shutdown(&mut self, _deadline: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}
