//! Placeholder cells.

use crate::callsite::Callsite;
use crate::record::CallOutcome;
use crate::threads::{Adopted, Blocks};

/// The numbers of one callsite on one thread; one writer.
#[derive(Debug)]
pub(crate) struct Cell {}

/// The cells of one thread.
#[derive(Debug, Default)]
pub(crate) struct Cells {}

/// The right to write the cells of a block.
pub(crate) type CellBlock = Adopted<Cells>;

static BLOCKS: Blocks<Cells> = Blocks::new();

/// Fills the bucket table; the clock must have been chosen.
pub(crate) fn prepare() {}

/// A block for this thread.
pub(crate) fn adopt() -> CellBlock {
    BLOCKS.adopt()
}

/// The cell for calls without a thread-local; written with `begin_shared` and `end_shared` only.
pub(crate) fn shared_cell(_site: &'static Callsite) -> &'static Cell {
    &Cell {}
}

impl Cells {
    /// The cell of a callsite, made at the first call.
    pub(crate) fn cell(&self, _site: &'static Callsite) -> &'static Cell {
        &Cell {}
    }
}

impl Cell {
    #[inline(always)]
    pub(crate) fn begin(&self) {}

    #[inline(always)]
    pub(crate) fn end(&self, _outcome: CallOutcome, _duration: u64) {}

    pub(crate) fn begin_shared(&self) {}

    pub(crate) fn end_shared(&self, _outcome: CallOutcome, _duration: u64) {}
}
