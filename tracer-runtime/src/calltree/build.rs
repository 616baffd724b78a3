//! From spans in any order to who called whom.

use std::collections::HashMap;

use crate::id::{SpanId, TraceId};
use crate::record::{SpanDetails, SpanRecord, SpanView};

/// A finished span, on its own.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) trace: TraceId,
    pub(crate) record: SpanRecord,
    pub(crate) details: Option<Box<SpanDetails>>,
    pub(crate) parent_is_remote: bool,
    pub(crate) partial: bool,
}

/// The spans of a trace, in order of their starts.
#[derive(Debug)]
pub(crate) struct Forest {
    nodes: Vec<Node>,
    children: Vec<Vec<usize>>,
    roots: Vec<usize>,
}

impl From<SpanView<'_>> for Node {
    fn from(view: SpanView<'_>) -> Self {
        Self {
            trace: view.trace,
            record: *view.record,
            details: view.details.cloned().map(Box::new),
            parent_is_remote: view.parent_is_remote,
            partial: view.partial,
        }
    }
}

impl Node {
    pub(crate) fn end(&self) -> u64 {
        self.record.start.saturating_add(self.record.duration)
    }
}

impl Forest {
    /// A span whose parent is not among them is a root.
    pub(crate) fn new(mut nodes: Vec<Node>) -> Self {
        nodes.sort_by_key(|node| node.record.start);
        let by_id: HashMap<SpanId, usize> = nodes
            .iter()
            .enumerate()
            .map(|(i, node)| (node.record.span, i))
            .collect();
        let mut children = vec![Vec::new(); nodes.len()];
        let mut roots = Vec::new();
        for (i, node) in nodes.iter().enumerate() {
            match by_id.get(&node.record.parent).filter(|&&parent| parent < i) {
                Some(&parent) => children[parent].push(i),
                // A parent that starts later than its child is none: with it there could be a circle.
                None => roots.push(i),
            }
        }
        Self {
            nodes,
            children,
            roots,
        }
    }

    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(crate) fn roots(&self) -> &[usize] {
        &self.roots
    }

    /// In order of their starts.
    pub(crate) fn children(&self, node: usize) -> &[usize] {
        self.children.get(node).map_or(&[], Vec::as_slice)
    }

    /// Ticks in which the span ran and none of its children did.
    pub(crate) fn self_ticks(&self, node: usize) -> u64 {
        let span = &self.nodes[node];
        let mut covered = 0;
        let mut until = span.record.start;
        for &child in self.children(node) {
            let child = &self.nodes[child];
            let from = child.record.start.max(until);
            let to = child.end().min(span.end());
            covered += to.saturating_sub(from);
            until = until.max(to);
        }
        span.record.duration.saturating_sub(covered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callsite::Callsite;
    use crate::export::fixture::OwnedSpan;

    static SITE: Callsite = Callsite::new("f", "f", "m");

    fn forest(spans: &[OwnedSpan]) -> Forest {
        Forest::new(spans.iter().map(|span| span.view().into()).collect())
    }

    fn span(id: u64, parent: u64, start: u64, duration: u64) -> OwnedSpan {
        OwnedSpan::new(&SITE, id)
            .under(parent)
            .during(start, duration)
    }

    fn ids(forest: &Forest, nodes: &[usize]) -> Vec<u64> {
        nodes
            .iter()
            .map(|&n| forest.nodes()[n].record.span.0)
            .collect()
    }

    #[test]
    fn children_are_in_order_of_their_starts_and_strangers_are_roots() {
        let forest = forest(&[
            span(3, 1, 30, 1),
            span(2, 1, 20, 1),
            span(1, 0, 10, 100),
            span(9, 77, 5, 1),
            span(4, 2, 20, 1),
        ]);
        assert_eq!(ids(&forest, forest.roots()), [9, 1]);
        let root = forest.roots()[1];
        assert_eq!(ids(&forest, forest.children(root)), [2, 3]);
        let second = forest.children(root)[0];
        assert_eq!(ids(&forest, forest.children(second)), [4]);
    }

    #[test]
    fn circles_do_not_hang_and_lose_nobody() {
        let forest = forest(&[span(1, 2, 10, 5), span(2, 1, 11, 5), span(3, 3, 12, 5)]);
        assert_eq!(ids(&forest, forest.roots()), [1, 3]);
        assert_eq!(ids(&forest, forest.children(0)), [2]);
    }

    #[test]
    fn self_time_is_what_no_child_covers() {
        let forest = forest(&[
            span(1, 0, 100, 100),
            // Two that overlap, one inside another, and one that goes on after the end.
            span(2, 1, 110, 20),
            span(3, 1, 120, 20),
            span(4, 1, 125, 5),
            span(5, 1, 190, 50),
            // A grandchild counts for its parent only.
            span(6, 5, 191, 10),
        ]);
        assert_eq!(forest.self_ticks(0), 100 - 30 - 10);
        assert_eq!(forest.self_ticks(4), 40);
        assert_eq!(forest.self_ticks(5), 10);
    }
}
