//! What is read of a fragment: its finished spans.

use super::Fragment;
use crate::record::{SpanDetails, SpanRecord, SpanView};

impl Fragment {
    /// The finished spans, in order of their ends.
    pub(crate) fn spans(&self) -> impl Iterator<Item = SpanView<'_>> {
        self.full
            .iter()
            .chain([&self.current])
            .flat_map(|chunk| &chunk.records)
            .map(|record| SpanView {
                trace: self.trace,
                record,
                details: (record.details as usize)
                    .checked_sub(1)
                    .and_then(|i| self.details.closed(i)),
                parent_is_remote: self.remote_parent == Some(record.parent),
                sampled: self.sampled,
                partial: self.partial,
                tracestate: self.tracestate(),
            })
    }

    /// Adds what spans have kept in another form, for whoever reads them.
    pub(crate) fn spell_out(&mut self) {
        let chunks = self.full.iter_mut().chain([&mut self.current]);
        for record in chunks.flat_map(|chunk| &mut chunk.records) {
            record.details = self.details.spell_out(record.details);
            if let Some(index) = (record.details as usize).checked_sub(1)
                && let Some(details) = self.details.closed_mut(index)
            {
                details.spell_out();
            }
        }
    }

    /// The newest records of spans that began at this tick or later.
    pub(crate) fn newest_since(&mut self, start: u64) -> impl Iterator<Item = &mut SpanRecord> {
        let newest = self.current.records.iter_mut().rev();
        newest.take_while(move |record| record.start >= start)
    }

    /// The root's or the newest record, to be noted on.
    pub(crate) fn newest_details(&mut self) -> Option<&mut SpanDetails> {
        let record = self.current.records.last_mut()?;
        record.details = match record.details {
            0 => self.details.close(SpanDetails::default()),
            known => self.details.spell_out(known),
        };
        self.details.closed_mut(record.details as usize - 1)
    }
}
