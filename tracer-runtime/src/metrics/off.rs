//! Cells without the feature `metrics`: nothing is counted and nothing is kept.

use crate::callsite::Callsite;
use crate::record::CallOutcome;

/// Counts nothing.
#[derive(Debug)]
pub(crate) struct Cell;

/// Holds nothing.
#[derive(Debug)]
pub(crate) struct CellBlock;

pub(crate) fn prepare() {}

/// What stands for buckets, of which there are none.
pub(crate) mod exemplars {
    use crate::record::SpanView;

    pub(crate) fn note<'a>(_: impl Iterator<Item = SpanView<'a>>) {}
}

pub(crate) fn adopt() -> CellBlock {
    CellBlock
}

pub(crate) fn shared_cell(_: &'static Callsite) -> &'static Cell {
    &Cell
}

impl CellBlock {
    pub(crate) fn get(&self) -> &Self {
        self
    }

    pub(crate) fn cell(&self, _: &'static Callsite) -> &'static Cell {
        &Cell
    }
}

impl Cell {
    #[inline(always)]
    pub(crate) fn begin(&self) {}

    #[inline(always)]
    pub(crate) fn end(&self, _: CallOutcome, _: u64) {}

    #[inline(always)]
    pub(crate) fn end_ok(&self, _: u64) {}

    pub(crate) fn begin_shared(&self) {}

    pub(crate) fn end_shared(&self, _: CallOutcome, _: u64) {}
}
