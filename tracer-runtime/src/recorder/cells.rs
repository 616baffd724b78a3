//! Where a thread finds the metric cells of its callsites.

use super::local::Local;
use super::reentrancy::Inside;
use crate::callsite::{Callsite, MAX_ID};
use crate::metrics;

/// Callsites whose cells a thread finds without a detour; the cells of those that come later are on pages, as a thread
/// uses few of many.
/// Under Miri few: it looks at each place whenever a thread's side is borrowed.
pub(crate) const NEAR_CALLSITES: usize = if cfg!(miri) { 4 } else { 256 };
/// Callsites on a page: few, as a thread pays for whole pages.
const PAGE: usize = 16;

pub(super) type Page = [Option<&'static metrics::Cell>; PAGE];

impl Local {
    /// The cell of a callsite on this thread; `None` in a call from within the recorder.
    #[inline(always)]
    pub(crate) fn cell(&self, site: &'static Callsite) -> Option<&'static metrics::Cell> {
        match self.known_cell(site) {
            Some(cell) => Some(cell),
            None => self.cell_slow(site),
        }
    }

    /// The cell of a callsite that has been called on this thread before.
    #[inline(always)]
    pub(crate) fn known_cell(&self, site: &'static Callsite) -> Option<&'static metrics::Cell> {
        self.cell_of(site.id())
    }

    /// [`Self::known_cell`] by the callsite's id.
    #[inline(always)]
    pub(super) fn cell_of(&self, id: u32) -> Option<&'static metrics::Cell> {
        let id = id as usize;
        if let Some(near) = self.cells.get(id) {
            return near.get();
        }
        if id > MAX_ID as usize {
            return None;
        }
        let far = id - NEAR_CALLSITES;
        let pages = self.far_cells.try_borrow().ok()?;
        pages.get(far / PAGE)?.as_ref()?[far % PAGE]
    }

    /// [`Self::known_cell`] where that takes no detour, and a call that began now would take part in both signals.
    #[inline(always)]
    pub(crate) fn near_cell(&self, site: &'static Callsite) -> Option<&'static metrics::Cell> {
        self.cells.get(site.id_of_both() as usize)?.get()
    }

    #[cold]
    #[inline(never)]
    fn cell_slow(&self, site: &'static Callsite) -> Option<&'static metrics::Cell> {
        let _inside = Inside::enter()?;
        let id = site.register() as usize;
        let cell = {
            let mut block = self.block.try_borrow_mut().ok()?;
            block.get_or_insert_with(metrics::adopt).get().cell(site)
        };
        if let Some(near) = self.cells.get(id) {
            near.set(Some(cell));
            return Some(cell);
        }
        let far = id - NEAR_CALLSITES;
        let mut pages = self.far_cells.try_borrow_mut().ok()?;
        if pages.len() <= far / PAGE {
            pages.resize_with(far / PAGE + 1, || None);
        }
        pages[far / PAGE].get_or_insert_default()[far % PAGE] = Some(cell);
        Some(cell)
    }
}
