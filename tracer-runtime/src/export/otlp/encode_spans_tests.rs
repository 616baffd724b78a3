use super::*;
use crate::clock;
use crate::export::fixture::OwnedSpan;
use crate::export::otlp::encode_common::Envelope;
use crate::export::resource::Resource;
use crate::id::{SpanId, TraceId};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::ArrayValue;

static SITE: Callsite = Callsite::new("place order", "Shop::place_order", "shop::orders");

/// What a receiver reads.
fn decoded(spans: &[OwnedSpan], limits: Limits) -> Vec<Span> {
    let mut encoder = SpanEncoder::new(limits, clock::scale());
    let mut items = Vec::new();
    for span in spans {
        encoder.encode(&span.view(), &mut items);
    }
    let envelope = Envelope::new(&Resource::new(&[], Some("shop"), &[]));
    let body = envelope.wrap(&items);
    assert_eq!(body.len(), envelope.wrapped_len(items.len()));
    let request = ExportTraceServiceRequest::decode(body).expect("a valid message");
    let [group] = request.resource_spans.as_slice() else {
        panic!("one resource: {request:?}");
    };
    let resource = group.resource.as_ref().expect("a resource");
    assert_eq!(
        resource.attributes[0],
        key_value("service.name", text("shop"))
    );
    let [scope_spans] = group.scope_spans.as_slice() else {
        panic!("one scope: {request:?}");
    };
    let scope = scope_spans.scope.as_ref().expect("a scope");
    assert_eq!(
        (scope.name.as_str(), scope.version.as_str()),
        ("tracer-runtime", env!("CARGO_PKG_VERSION"))
    );
    scope_spans.spans.clone()
}

fn one(span: OwnedSpan, limits: Limits) -> Span {
    let mut spans = decoded(&[span], limits);
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

fn kv(attribute_of_ours: &KeyValue) -> ProtoKeyValue {
    attribute(attribute_of_ours, &Limits::default())
}

fn code(site: &Callsite, function: &str) -> Vec<ProtoKeyValue> {
    let line = AnyKind::IntValue(site.location().line().into());
    vec![
        key_value("code.function.name", text(function)),
        key_value("code.file.path", text(site.location().file())),
        key_value("code.line.number", AnyValue { value: Some(line) }),
    ]
}

fn keys(attributes: &[ProtoKeyValue]) -> Vec<&str> {
    attributes.iter().map(|a| a.key.as_str()).collect()
}

#[test]
fn every_field_of_a_full_span_arrives() {
    static SERVER: Callsite = Callsite::new("place order", "Shop::place_order", "shop::orders")
        .with_kind(SpanKind::Server);
    let user = [
        KeyValue::new("id", 7),
        KeyValue::new("vip", true),
        KeyValue::new("total", 1.5),
        KeyValue::new("item", "größe"),
    ];
    let mut span = OwnedSpan::new(&SERVER, 0x1234)
        .under(0x99)
        .during(10_000, 5_000)
        .failed("shop::Error", Some("out of stock"))
        .event(EventKind::Event, "reserved", 12_000, vec![user[0].clone()])
        .event(EventKind::Checkpoint, "serialize", 13_000, vec![]);
    span.trace = TraceId::from_bytes([0xab; 16]);
    span.parent_is_remote = true;
    span.partial = true;
    span.tracestate = Some("vendor=x");
    let details = span.details();
    details.attributes = user.to_vec();
    details.own_attributes = vec![KeyValue::new("rpc.method", "Shop/Order")];
    details.links = vec![Link {
        trace_id: TraceId::from_bytes([1; 16]),
        span_id: SpanId::from_bytes([2; 8]),
        sampled: true,
        attributes: vec![user[1].clone()],
        tracestate: Some("vendor=y".into()),
        remote: Some(true),
    }];
    details.dropped_attributes = 3;
    details.dropped_events = 4;
    details.dropped_links = 5;
    let failure = details.failure.as_mut().expect("it failed");
    failure.chain = vec!["no rows".into(), "closed".into()];

    let scale = clock::scale();
    let start = scale.unix_ns(10_000);
    let end = start + scale.duration_ns(5_000);
    let mut attributes = code(&SERVER, "shop::orders::Shop::place_order");
    attributes.push(key_value("error.type", text("shop::Error")));
    attributes.push(key_value(
        "tracer.partial",
        AnyValue {
            value: Some(AnyKind::BoolValue(true)),
        },
    ));
    attributes.push(key_value("rpc.method", text("Shop/Order")));
    attributes.extend(user.iter().map(kv));
    let chain = ArrayValue {
        values: vec![text("no rows"), text("closed")],
    };
    let chain = AnyValue {
        value: Some(AnyKind::ArrayValue(chain)),
    };
    let event = |time, name: &str, attributes| ProtoEvent {
        time_unix_nano: time,
        name: name.into(),
        attributes,
        dropped_attributes_count: 0,
    };
    let expected = Span {
        trace_id: vec![0xab; 16],
        span_id: vec![0, 0, 0, 0, 0, 0, 0x12, 0x34],
        trace_state: "vendor=x".into(),
        parent_span_id: vec![0, 0, 0, 0, 0, 0, 0, 0x99],
        flags: 0x301,
        name: "place order".into(),
        kind: ProtoKind::Server.into(),
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        attributes,
        dropped_attributes_count: 3,
        events: vec![
            event(scale.unix_ns(12_000), "reserved", vec![kv(&user[0])]),
            event(
                scale.unix_ns(13_000),
                "serialize",
                vec![key_value("tracer.event.kind", text("checkpoint"))],
            ),
            event(
                end,
                "exception",
                vec![
                    key_value("exception.type", text("shop::Error")),
                    key_value("exception.message", text("out of stock")),
                    key_value("tracer.error.chain", chain),
                ],
            ),
        ],
        dropped_events_count: 4,
        links: vec![ProtoLink {
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            trace_state: "vendor=y".into(),
            attributes: vec![kv(&user[1])],
            dropped_attributes_count: 0,
            flags: 0x301,
        }],
        dropped_links_count: 5,
        status: Some(Status {
            message: "out of stock".into(),
            code: StatusCode::Error.into(),
        }),
    };
    assert_eq!(one(span, Limits::default()), expected);
}

#[test]
fn a_plain_root_has_no_parent_no_status_and_only_its_source_location() {
    let mut span = OwnedSpan::new(&SITE, 1);
    span.sampled = false;
    let span = one(span, Limits::default());
    assert_eq!(span.parent_span_id, Vec::<u8>::new());
    assert_eq!(span.status, None);
    assert_eq!(span.flags, 0x100);
    assert_eq!(span.kind, i32::from(ProtoKind::Internal));
    assert_eq!(
        span.attributes,
        code(&SITE, "shop::orders::Shop::place_order")
    );
    assert_eq!((span.events, span.links), (vec![], vec![]));
}

#[test]
fn nothing_of_a_span_is_left_in_the_next_one() {
    let full = OwnedSpan::new(&SITE, 1)
        .under(5)
        .failed("E", Some("m"))
        .with(KeyValue::new("a", 1))
        .event(EventKind::Event, "e", 1, vec![]);
    let plain = OwnedSpan::new(&SITE, 2);
    let spans = decoded(&[full.clone(), plain.clone(), full], Limits::default());
    assert_eq!(spans[0], spans[2]);
    assert_eq!(spans[1], one(plain, Limits::default()));
}

#[test]
fn every_kind_arrives() {
    static SITES: [Callsite; 5] = [
        Callsite::new("a", "a", "m").with_kind(SpanKind::Internal),
        Callsite::new("a", "a", "m").with_kind(SpanKind::Server),
        Callsite::new("a", "a", "m").with_kind(SpanKind::Client),
        Callsite::new("a", "a", "m").with_kind(SpanKind::Producer),
        Callsite::new("a", "a", "m").with_kind(SpanKind::Consumer),
    ];
    let spans: Vec<OwnedSpan> = SITES.iter().map(|s| OwnedSpan::new(s, 1)).collect();
    let kinds: Vec<i32> = decoded(&spans, Limits::default())
        .iter()
        .map(|s| s.kind)
        .collect();
    assert_eq!(kinds, [1, 2, 3, 4, 5]);
}

#[test]
fn an_error_that_an_event_tells_is_not_told_again() {
    let names = |span: OwnedSpan| -> Vec<String> {
        let span = one(span, Limits::default());
        assert_eq!(span.status.expect("it failed").code, 2);
        span.events.into_iter().map(|event| event.name).collect()
    };
    let failed = |kind, message| OwnedSpan::new(&SITE, 1).failed(kind, message);
    let logged = |span: OwnedSpan, name| span.event(EventKind::Event, name, 1, vec![]);
    let exception = "exception";
    // As a span of another crate that has logged an error, or has said that it is one.
    assert_eq!(
        names(logged(failed("", Some("gone")), exception)),
        [exception]
    );
    assert_eq!(
        names(logged(failed("", None), "it is gone")),
        ["it is gone"]
    );
    assert_eq!(names(failed("", Some("gone"))), [exception]);
    // Of a function what it returns is told, whatever it has logged.
    let returned = logged(failed("shop::Error", Some("gone")), exception);
    assert_eq!(names(returned), [exception, exception]);
}

#[test]
fn a_panic_is_an_error_and_a_cancellation_is_none() {
    let panic = one(
        OwnedSpan::new(&SITE, 1).ended(CallOutcome::Panic),
        Limits::default(),
    );
    let status = panic.status.expect("a status");
    assert_eq!(status.code, i32::from(StatusCode::Error));
    assert_eq!(panic.attributes[3], key_value("error.type", text("panic")));
    assert_eq!(panic.events[0].name, "exception");
    assert_eq!(
        panic.events[0].attributes,
        [key_value("exception.type", text("panic"))]
    );
    let of_call = OwnedSpan::new(&SITE, 1)
        .with(KeyValue::new("exception.message", "on purpose"))
        .with(KeyValue::new("exception.stacktrace", "src/main.rs:7:9"))
        .ended(CallOutcome::Panic);
    let panic = one(of_call, Limits::default());
    assert_eq!(
        panic.events[0].attributes[1..],
        [
            key_value("exception.message", text("on purpose")),
            key_value("exception.stacktrace", text("src/main.rs:7:9")),
        ]
    );

    let cancelled = one(
        OwnedSpan::new(&SITE, 1).ended(CallOutcome::Cancelled),
        Limits::default(),
    );
    assert_eq!(cancelled.status, None);
    assert_eq!(cancelled.events, []);
    assert_eq!(
        cancelled.attributes[3],
        key_value("tracer.outcome", text("cancelled"))
    );
}

#[test]
fn an_error_about_which_nothing_is_known_has_the_fallback_type() {
    let span = one(
        OwnedSpan::new(&SITE, 1).ended(CallOutcome::Error),
        Limits::default(),
    );
    assert_eq!(span.attributes[3], key_value("error.type", text("_OTHER")));
    let status = span.status.expect("a status");
    assert_eq!((status.code, status.message.as_str()), (2, ""));
}

#[test]
fn a_key_is_there_once_and_the_last_value_counts() {
    let mut span = OwnedSpan::new(&SITE, 1)
        .failed("E", None)
        .with(KeyValue::new("a", 1))
        .with(KeyValue::new("b", 2))
        .with(KeyValue::new("a", 3))
        .with(KeyValue::new("error.type", "mine"))
        .with(KeyValue::new("code.line.number", 0));
    span.details()
        .own_attributes
        .push(KeyValue::new("b", "ours"));
    let span = one(span, Limits::default());
    assert_eq!(
        keys(&span.attributes)[3..],
        ["b", "a", "error.type"],
        "after code.*"
    );
    assert_eq!(span.attributes[4], kv(&KeyValue::new("a", 3)));
    assert_eq!(span.attributes[5], key_value("error.type", text("mine")));
    assert_eq!(span.dropped_attributes_count, 0);
}

#[test]
fn what_is_over_a_limit_is_counted() {
    let limits = Limits {
        attributes: 5,
        events: 2,
        links: 1,
        event_attributes: 1,
        link_attributes: 0,
        value_length: Some(4),
    };
    let many: Vec<KeyValue> = (0..4)
        .map(|i| KeyValue::new(format!("k{i}"), "grüße"))
        .collect();
    let link = Link {
        attributes: many.clone(),
        ..Link::new(TraceId([0, 1]), SpanId(1), false)
    };
    let mut span = OwnedSpan::new(&SITE, 1)
        .failed("too long", Some("message"))
        .event(EventKind::Event, "one", 1, many.clone())
        .event(EventKind::Event, "two", 2, vec![])
        .event(EventKind::Event, "three", 3, vec![]);
    let details = span.details();
    details.attributes = many;
    details.links = vec![link.clone(), link];
    details.dropped_attributes = 100;

    let span = one(span, limits);
    assert_eq!(keys(&span.attributes)[3..], ["error.type", "k0"]);
    assert_eq!(span.attributes[3], key_value("error.type", text("too ")));
    assert_eq!(span.attributes[4], key_value("k0", text("grüß")));
    assert_eq!(span.dropped_attributes_count, 103);
    let events: Vec<&str> = span.events.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(events, ["one", "exception"]);
    assert_eq!(span.dropped_events_count, 2);
    assert_eq!(keys(&span.events[0].attributes), ["k0"]);
    assert_eq!(span.events[0].dropped_attributes_count, 3);
    assert_eq!(span.events[1].dropped_attributes_count, 1);
    assert_eq!(span.links.len(), 1);
    assert_eq!(span.dropped_links_count, 1);
    assert_eq!(span.links[0].attributes, []);
    assert_eq!(span.links[0].dropped_attributes_count, 4);
    assert_eq!(span.status.expect("a status").message, "mess");
}

#[test]
fn a_limit_of_nothing_leaves_nothing() {
    let limits = Limits {
        attributes: 0,
        events: 0,
        links: 0,
        ..Limits::default()
    };
    let span = one(
        OwnedSpan::new(&SITE, 1)
            .failed("E", None)
            .with(KeyValue::new("a", 1)),
        limits,
    );
    assert_eq!((span.attributes, span.events), (vec![], vec![]));
    // Three of `code.*`, `error.type` and `a`.
    assert_eq!(span.dropped_attributes_count, 5);
    assert_eq!(span.dropped_events_count, 1);
}

#[test]
fn the_default_limit_is_128() {
    let mut span = OwnedSpan::new(&SITE, 1);
    for i in 0..200 {
        span = span.with(KeyValue::new(format!("k{i}"), i)).event(
            EventKind::Event,
            "e",
            i as u64,
            vec![],
        );
    }
    let span = one(span, Limits::default());
    assert_eq!((span.attributes.len(), span.events.len()), (128, 128));
    assert_eq!(
        (span.dropped_attributes_count, span.dropped_events_count),
        (75, 72)
    );
}
