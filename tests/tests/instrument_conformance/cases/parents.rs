//! `parent = …` and its absence.

use super::instrument;
use crate::support::{block_on, check};
use tracing::Span;
use tracing_mock::{expect, subscriber};

#[instrument]
fn contextual() {}

#[instrument(parent = parent, skip(parent))]
fn explicit(parent: &Span) {}

#[instrument(parent = None)]
fn root() {}

#[instrument(parent = &parent, skip(parent))]
async fn explicit_async(parent: Span) {}

pub(crate) fn the_current_span() {
    let (parent, child) = (expect::span().named("outer"), expect::span().named("contextual"));
    let mock = subscriber::mock()
        .new_span(child.clone().with_ancestry(expect::is_contextual_root()))
        .enter(child.clone())
        .exit(child.clone())
        .drop_span(child.clone())
        .new_span(parent.clone())
        .enter(parent.clone())
        .new_span(child.clone().with_ancestry(expect::has_contextual_parent("outer")))
        .enter(child.clone())
        .exit(child.clone())
        .drop_span(child)
        .exit(parent.clone())
        .drop_span(parent)
        .only();
    check(mock, || {
        contextual();
        tracing::info_span!("outer").in_scope(contextual);
    });
}

pub(crate) fn another_span() {
    let child = expect::span().named("explicit");
    let child_async = expect::span().named("explicit_async");
    let of_other = || expect::has_explicit_parent("other");
    let mock = subscriber::mock()
        .new_span(expect::span().named("outer"))
        .new_span(expect::span().named("other"))
        .enter("outer")
        .new_span(child.clone().with_ancestry(of_other()))
        .enter(child.clone())
        .exit(child.clone())
        .drop_span(child)
        .new_span(child_async.clone().with_ancestry(of_other()))
        .enter(child_async.clone())
        .exit(child_async.clone())
        .enter(child_async.clone())
        .exit(child_async.clone())
        .drop_span(child_async)
        .exit("outer");
    check(mock, || {
        let (outer, other) = (tracing::info_span!("outer"), tracing::info_span!("other"));
        outer.in_scope(|| {
            explicit(&other);
            block_on(explicit_async(other.clone()));
        });
    });
}

pub(crate) fn none() {
    let child = expect::span().named("root");
    let mock = subscriber::mock()
        .new_span(expect::span().named("outer"))
        .enter("outer")
        .new_span(child.clone().with_ancestry(expect::is_explicit_root()))
        .enter(child.clone())
        .exit(child.clone())
        .drop_span(child)
        .exit("outer")
        .drop_span("outer")
        .only();
    check(mock, || tracing::info_span!("outer").in_scope(root));
}
