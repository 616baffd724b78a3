//! Exact metrics of annotated functions: single-writer cells, one block a thread.

mod cell;

pub(crate) use cell::{Cell, CellBlock, adopt, prepare, shared_cell};
