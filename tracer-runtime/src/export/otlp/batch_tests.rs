use super::*;
use crate::callsite::Callsite;
use crate::clock;
use crate::export::fixture::OwnedSpan;
use crate::export::limits::Limits;
use crate::export::resource::Resource;
use crate::value::KeyValue;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

static SITE: Callsite = Callsite::new("work", "work", "shop");

fn batcher(spans: usize, bytes: usize) -> Batcher {
    let envelope = Envelope::new(&Resource::new(&[], None, &[]));
    let encoder = SpanEncoder::new(Limits::default(), clock::scale());
    Batcher::new(BatchLimits { spans, bytes }, envelope, encoder)
}

/// A span of somewhat more than this many bytes.
fn span(id: u64, bytes: usize) -> OwnedSpan {
    OwnedSpan::new(&SITE, id).with(KeyValue::new("text", "x".repeat(bytes)))
}

/// Everything that is sent for these spans, and how many were too large.
fn batches(mut batcher: Batcher, spans: impl Iterator<Item = OwnedSpan>) -> (Vec<Batch>, usize) {
    let (mut batches, mut too_large) = (Vec::new(), 0);
    for span in spans {
        match batcher.push(&span.view()) {
            Pushed::Waiting => {}
            Pushed::Sealed(batch) => batches.push(batch),
            Pushed::TooLarge => too_large += 1,
        }
    }
    batches.extend(batcher.seal());
    assert!(batcher.is_empty() && batcher.seal().is_none());
    (batches, too_large)
}

fn ids(batches: &[Batch]) -> Vec<u64> {
    let spans = batches.iter().flat_map(|batch| {
        let request =
            ExportTraceServiceRequest::decode(batch.body.clone()).expect("a valid message");
        let spans = request.resource_spans[0].scope_spans[0].spans.clone();
        assert_eq!(spans.len() as u64, batch.spans);
        spans
    });
    spans
        .map(|s| u64::from_be_bytes(s.span_id.try_into().expect("8 bytes")))
        .collect()
}

#[test]
fn a_batch_has_at_most_so_many_spans() {
    let (batches, _) = batches(batcher(512, usize::MAX), (1..=1_100).map(|id| span(id, 1)));
    let sizes: Vec<u64> = batches.iter().map(|b| b.spans).collect();
    assert_eq!(sizes, [512, 512, 76]);
    assert_eq!(ids(&batches), (1..=1_100).collect::<Vec<_>>());
}

#[test]
fn a_batch_has_at_most_so_many_bytes_around_it_all() {
    let limits = (BatchLimits::MAX_SPANS, BatchLimits::MAX_BYTES);
    let (batches, too_large) = batches(
        batcher(limits.0, limits.1),
        (1..=100).map(|id| span(id, 300_000)),
    );
    assert!(batches.iter().all(|b| b.body.len() <= limits.1));
    assert!(
        batches[..batches.len() - 1]
            .iter()
            .all(|b| b.body.len() > limits.1 - 301_000),
        "none is sent before it is full"
    );
    assert_eq!(ids(&batches), (1..=100).collect::<Vec<_>>());
    assert_eq!(too_large, 0);
}

#[test]
fn a_span_that_is_too_large_alone_is_left_out_and_its_neighbours_are_not() {
    let spans = [span(1, 10), span(2, 2_000), span(3, 10)];
    let (batches, too_large) = batches(batcher(512, 1_000), spans.into_iter());
    assert_eq!((ids(&batches), too_large), (vec![1, 3], 1));
}

#[test]
fn a_batch_of_exactly_the_limit_is_whole() {
    let (one, _) = batches(
        batcher(512, usize::MAX),
        [span(1, 50), span(2, 50)].into_iter(),
    );
    let exact = one[0].body.len();
    let (fits, _) = batches(batcher(512, exact), [span(1, 50), span(2, 50)].into_iter());
    let (split, _) = batches(
        batcher(512, exact - 1),
        [span(1, 50), span(2, 50)].into_iter(),
    );
    assert_eq!((fits.len(), split.len()), (1, 2));
}
