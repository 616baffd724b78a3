//! A call that has just begun gets other ids: those by which somebody else exports its span.

use super::fragment::Fragment;
use super::local::Local;
use super::reentrancy::Inside;
use crate::context::Ids;
use crate::id::SpanId;

/// What a call was given at its start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    pub(crate) span: SpanId,
    pub(crate) parent: SpanId,
    pub(crate) fragment: u64,
    /// In ticks.
    pub(crate) start: u64,
}

/// Who knows the call by its first id has to learn the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Renamed {
    from: SpanId,
    to: SpanId,
}

impl Renamed {
    pub(crate) fn span(self, span: &mut SpanId) {
        if *span == self.from {
            *span = self.to;
        }
    }

    /// A fragment that the call owns has its id.
    pub(crate) fn fragment(self, id: &mut u64) {
        if *id == self.from.0 {
            *id = self.to.0;
        }
    }

    /// The id that it has now.
    pub(crate) const fn now(self) -> SpanId {
        self.to
    }
}

impl Local {
    /// Gives the current call other ids. `None`, and nothing done, where it is not the current one any more, and where it
    /// would have to leave the trace of its parent.
    #[inline(never)]
    pub(crate) fn rename(&self, begun: &Begun, ids: Ids) -> Option<Renamed> {
        if self.fragment_id.get() != begun.fragment || self.span.get() != begun.span {
            return None;
        }
        let _inside = Inside::enter()?;
        if self.inspect(|fragment| fragment.rename(begun, ids)) != Some(true) {
            return None;
        }
        if begun.span.0 == begun.fragment {
            self.fragment_id.set(ids.span_id.0);
            self.trace.set(ids.trace_id);
            #[cfg(feature = "opentelemetry")]
            crate::integrations::opentelemetry::renamed(begun.fragment, ids.span_id.0);
        }
        self.span.set(ids.span_id);
        Some(Renamed {
            from: begun.span,
            to: ids.span_id,
        })
    }
}

impl Fragment {
    /// False, and nothing done, where that would split a trace.
    fn rename(&mut self, begun: &Begun, ids: Ids) -> bool {
        let is_owner = begun.span.0 == self.id;
        let may_move =
            is_owner && self.link.is_none() && self.slot.is_none() && self.remote_parent.is_none();
        if self.trace != ids.trace_id && !may_move {
            return false;
        }
        if let Some(live) = self
            .pipe
            .as_ref()
            .and_then(|pipe| pipe.pipeline().live.as_ref())
        {
            live.renamed(begun.span, ids);
        }
        if is_owner {
            self.id = ids.span_id.0;
            self.trace = ids.trace_id;
            self.sampled = ids.sampled;
            self.plain = false;
            self.renamed = true;
        }
        if ids.sampled {
            self.exported_elsewhere = true;
            self.plain = false;
        }
        // What has ended since: in the expressions of its fields.
        for record in self.newest_since(begun.start) {
            if record.parent == begun.span {
                record.parent = ids.span_id;
            }
        }
        self.details.rename(begun.span, ids.span_id);
        true
    }
}
