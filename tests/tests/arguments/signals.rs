use super::*;

#[traced(metrics = off)]
fn no_metrics() {}

#[traced(metrics_only)]
fn no_span() -> u32 {
    inner()
}

#[traced]
fn inner() -> u32 {
    1
}

#[traced(metrics_only)]
async fn no_span_later() {
    inner();
}

#[test]
fn one_of_the_two() {
    let text = tree(|| {
        no_metrics();
        no_span();
        block_on(no_span_later());
    });
    assert_eq!(text, "no_metrics [ok]\ninner [ok]\ninner [ok]\n");
}
