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

#[traced]
fn caller() {
    values_without_span(1);
    block_on(values_without_span_later(2));
}

#[traced(metrics_only, args(n), fields(double = n * 2), ret)]
fn values_without_span(n: u32) -> u32 {
    n
}

#[traced(metrics_only, args(n), fields(double = n * 2), ret)]
async fn values_without_span_later(n: u32) -> u32 {
    n
}

#[test]
fn values_of_a_call_without_a_span_are_not_its_callers() {
    assert_eq!(tree(caller), "caller [ok]\n");
}
