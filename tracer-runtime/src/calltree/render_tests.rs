use super::*;
use crate::callsite::Callsite;
use crate::context::Link;
use crate::export::fixture::OwnedSpan;
use crate::id::{SpanId, TraceId};

const US: u64 = 1_000;

macro_rules! sites {
    ($($name:ident = $text:literal $(, $kind:ident)?;)*) => {
        $(static $name: Callsite = Callsite::new($text, $text, "shop")
            $(.with_kind(SpanKind::$kind))?;)*
    };
}
sites! {
    ORDER = "place_order";
    CHARGE = "charge";
    NOTIFY = "notify";
    CALL = "GET /stock", Client;
    STOCK = "stock", Server;
}

/// Without colours; places in the source as `@name`.
fn plain(spans: &[OwnedSpan]) -> String {
    let nodes = spans.iter().map(|span| span.view().into()).collect();
    let mut text = render(nodes, Part::Whole, &Scale::NANOSECONDS, Paint::Off);
    for site in [&ORDER, &CHARGE, &NOTIFY, &CALL, &STOCK] {
        let location = site.location();
        let place = format!("{}:{}", location.file(), location.line());
        text = text.replace(&place, "@here");
    }
    text
}

#[test]
fn a_trace_is_an_aligned_tree() {
    let mut order = OwnedSpan::new(&ORDER, 1)
        .during(1_000, 2_000 * US)
        .failed("shop::Error", Some("out of\nstock"))
        .with(KeyValue::new("id", 7))
        .with(KeyValue::new("who", "a\"b"))
        .event(
            EventKind::Event,
            "reserved",
            1_000 + 12 * US,
            vec![KeyValue::new("warehouse", "north")],
        )
        .event(EventKind::Checkpoint, "serialize", 1_000 + 900 * US, vec![]);
    if let Some(failure) = &mut order.details().failure {
        failure.chain = vec!["no rows".into()];
    }
    let spans = [
        order,
        OwnedSpan::new(&CHARGE, 2)
            .under(1)
            .during(1_000 + 100 * US, 700 * US)
            .ended(CallOutcome::Cancelled)
            .event(EventKind::Event, "asked", 1_000 + 150 * US, vec![]),
        OwnedSpan::new(&NOTIFY, 3)
            .under(1)
            .during(1_000 + 1_000 * US, 500),
    ];
    assert_eq!(
        plain(&spans),
        "\
trace 00000000000000000000000000000001  2.00 ms  3 spans
place_order      2.00 ms  self 1.30 ms  [error: out of\\nstock] {id=7, who=\"a\\\"b\"}  @here
│  caused by: no rows
├─ * reserved   +12.0 µs                {warehouse=\"north\"}
├─ charge         700 µs   self 700 µs  [cancelled]  @here
│  └─ * asked    +150 µs
├─ - serialize   +900 µs
└─ notify         500 ns   self 500 ns  [ok]  @here
"
    );
}

#[test]
fn two_services_are_one_tree_and_what_is_elsewhere_is_noted() {
    let mut stock = OwnedSpan::new(&STOCK, 3)
        .under(2)
        .during(20, 60)
        .ended(CallOutcome::Panic);
    stock.parent_is_remote = true;
    let mut front = OwnedSpan::new(&ORDER, 1).under(0xabc).during(0, 100);
    front.parent_is_remote = true;
    let spans = [
        stock,
        OwnedSpan::new(&CALL, 2).under(1).during(10, 80),
        front,
    ];
    assert_eq!(
        plain(&spans),
        "\
trace 00000000000000000000000000000001  100 ns  3 spans
place_order             100 ns  self 20 ns  [ok]  @here
│  called by span 0000000000000abc, in another service
└─ GET /stock (client)   80 ns  self 20 ns  [ok]  @here
   └─ stock (server)     60 ns  self 60 ns  [panic]  @here
"
    );
}

#[test]
fn parts_and_links_are_noted() {
    let mut task = OwnedSpan::new(&NOTIFY, 5).under(4).during(10, 10);
    task.partial = true;
    task.details()
        .links
        .push(Link::new(TraceId([0, 0xf]), SpanId(0xe), true));
    assert_eq!(
        plain(&[task]),
        "\
trace 00000000000000000000000000000001  10 ns  1 span  partial: other parts of it were not kept
notify  10 ns  self 10 ns  [ok]  @here
   called by span 0000000000000004, not part of what was kept
   linked to trace 0000000000000000000000000000000f span 000000000000000e
"
    );
}

#[test]
fn a_long_message_has_a_line_of_its_own_and_a_status_is_a_message() {
    let long = "no ".repeat(40);
    let spans = [
        OwnedSpan::new(&ORDER, 1)
            .during(0, 100)
            .failed("shop::Error", Some(&long)),
        OwnedSpan::new(&CALL, 2)
            .under(1)
            .during(10, 80)
            .failed("503", None),
    ];
    let text = plain(&spans);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[1],
        "place_order             100 ns  self 20 ns  [error]  @here"
    );
    assert_eq!(lines[2], format!("│  {long}"));
    assert!(
        lines[3].ends_with("self 80 ns  [error: 503]  @here"),
        "{text}"
    );
}

#[test]
fn colours_tell_outcomes_apart_and_change_no_column() {
    let spans = [
        OwnedSpan::new(&ORDER, 1).during(0, 100),
        OwnedSpan::new(&CHARGE, 2)
            .under(1)
            .during(10, 10)
            .failed("E", None),
        OwnedSpan::new(&NOTIFY, 3)
            .under(1)
            .during(30, 10)
            .ended(CallOutcome::Panic),
    ];
    let nodes = |spans: &[OwnedSpan]| spans.iter().map(|span| span.view().into()).collect();
    let coloured = render(nodes(&spans), Part::Whole, &Scale::NANOSECONDS, Paint::On);
    for part in [
        "\x1b[32m[ok]\x1b[0m",
        "\x1b[31m[error: E]\x1b[0m",
        "\x1b[1;31m[panic]\x1b[0m",
    ] {
        assert!(coloured.contains(part), "{part:?} in\n{coloured}");
    }
    let mut stripped = coloured;
    for code in ["0", "1", "2", "31", "32", "33", "1;31"] {
        stripped = stripped.replace(&format!("\x1b[{code}m"), "");
    }
    assert_eq!(
        stripped,
        render(nodes(&spans), Part::Whole, &Scale::NANOSECONDS, Paint::Off)
    );
}

#[test]
fn a_very_deep_trace_does_not_need_a_deep_stack() {
    let spans: Vec<OwnedSpan> = (1..=3_000)
        .map(|id| {
            OwnedSpan::new(&NOTIFY, id)
                .under(id - 1)
                .during(id, 10_000 - id)
        })
        .collect();
    let nodes = spans.iter().map(|span| span.view().into()).collect();
    let text = render(nodes, Part::Whole, &Scale::NANOSECONDS, Paint::Off);
    assert_eq!(text.lines().count(), 3_001);
    assert_eq!(
        render(vec![], Part::Whole, &Scale::NANOSECONDS, Paint::Off),
        ""
    );
}
