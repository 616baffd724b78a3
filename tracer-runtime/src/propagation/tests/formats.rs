use super::{extracted, forwarded, headers, passed_on, value};
use crate::baggage::{Baggage, Reach};
use crate::context::Remote;
use crate::propagation::Propagator::*;

const TRACE: &str = "80f198ee56343ba864fe8b2a57d3eff7";
const SHORT: &str = "64fe8b2a57d3eff7";
const SPAN: &str = "e457b5a2e4d86bd1";
const TRACEPARENT: &str = "00-80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-01";

fn ids(remote: &Option<Remote>) -> (String, String, Option<bool>) {
    let remote = remote.as_ref().expect("there is a parent");
    (
        remote.trace_id.to_string(),
        remote.span_id.to_string(),
        remote.is_sampled(),
    )
}

#[test]
fn b3_says_whether_it_is_sampled_or_leaves_it_to_us() {
    for (state, sampled) in [
        ("-1", Some(true)),
        ("-0", Some(false)),
        ("-d", Some(true)),
        ("", None),
    ] {
        let header = format!("{TRACE}-{SPAN}{state}");
        let remote = extracted([B3], &[("b3", &header)]);
        assert_eq!(ids(&remote), (TRACE.to_owned(), SPAN.to_owned(), sampled));
        assert_eq!(
            passed_on(B3, &[("b3", &header)]),
            headers(&[("b3", &header)])
        );
    }
}

#[test]
fn b3_ids_of_64_bits_stay_short() {
    let header = format!("{SHORT}-{SPAN}-1");
    let remote = extracted([B3], &[("b3", &header)]);
    assert_eq!(ids(&remote).0, format!("{:0>32}", SHORT));
    assert_eq!(
        passed_on(B3, &[("b3", &header)]),
        headers(&[("b3", &header)])
    );
    let several = passed_on(B3Multi, &[("b3", &header)]);
    assert_eq!(value(&several, "X-B3-TraceId"), Some(SHORT));
}

#[test]
fn b3_of_either_kind_is_read_and_the_single_header_first() {
    let several = [
        ("X-B3-TraceId", TRACE),
        ("X-B3-SpanId", SPAN),
        ("X-B3-ParentSpanId", SHORT),
        ("X-B3-Sampled", "1"),
    ];
    for format in [B3, B3Multi] {
        assert_eq!(ids(&extracted([format], &several)).0, TRACE);
    }
    let mut both = several.to_vec();
    let single = format!("{SHORT}-{SPAN}-0-{SPAN}");
    both.push(("b3", &single));
    let remote = extracted([B3Multi], &both);
    assert_eq!(
        ids(&remote),
        (format!("{SHORT:0>32}"), SPAN.to_owned(), Some(false))
    );
}

#[test]
fn b3_debug_goes_on_as_debug() {
    let debug = [
        ("x-b3-flags", "1"),
        ("x-b3-spanid", SPAN),
        ("x-b3-traceid", TRACE),
    ];
    assert_eq!(ids(&extracted([B3Multi], &debug)).2, Some(true));
    assert_eq!(passed_on(B3Multi, &debug), headers(&debug));
    assert_eq!(
        forwarded([B3], &extracted([B3Multi], &debug).expect("it is valid")),
        headers(&[("b3", &format!("{TRACE}-{SPAN}-d"))])
    );
}

#[test]
fn b3_denies_without_naming_a_trace() {
    for denial in [
        ("b3", "0"),
        ("X-B3-Sampled", "0"),
        ("x-b3-sampled", "false"),
    ] {
        let remote = extracted([B3], &[denial]).expect("it says something");
        assert!(!remote.is_valid());
        assert_eq!(remote.is_sampled(), Some(false));
        assert_eq!(forwarded([B3], &remote), headers(&[("b3", "0")]));
    }
}

#[test]
fn b3_that_is_malformed_is_no_parent() {
    for bad in [
        "",
        "2",
        "x-y-1",
        "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-2",
        "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-0",
        "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90-1",
        "80F198EE56343BA864FE8B2A57D3EFF7-e457b5a2e4d86bd1-1",
        "00000000000000000000000000000000-e457b5a2e4d86bd1-1",
        "80f198ee56343ba864fe8b2a57d3eff7-0000000000000000-1",
        "80f198ee56343ba8-e457b5a2e4d86bd1e457b5a2e4d86bd1-1",
    ] {
        assert_eq!(extracted([B3], &[("b3", bad)]), None, "{bad}");
    }
    assert_eq!(extracted([B3], &[("x-b3-traceid", TRACE)]), None);
}

#[test]
fn jaeger_ids_may_lack_their_zeros_and_have_their_colons_escaped() {
    for (header, trace, sampled) in [
        (format!("{TRACE}:{SPAN}:0:1"), TRACE.to_owned(), true),
        (
            format!("{TRACE}%3A{SPAN}%3a{SPAN}%3A00"),
            TRACE.to_owned(),
            false,
        ),
        (format!("1f:{SPAN}:0:3"), format!("{:0>32}", "1f"), true),
    ] {
        let remote = extracted([Jaeger], &[("uber-trace-id", &header)]);
        assert_eq!(ids(&remote), (trace, SPAN.to_owned(), Some(sampled)));
    }
    for bad in [
        "",
        ":::",
        "0:1:0:1",
        "1:0:0:1",
        "1:1:0:1:1",
        "1:1:0:",
        "g:1:0:1",
        "1:1:0:00001",
    ] {
        assert_eq!(
            extracted([Jaeger], &[("uber-trace-id", bad)]),
            None,
            "{bad}"
        );
    }
}

#[test]
fn jaeger_baggage_comes_and_goes_beside_its_trace() {
    let id = format!("{TRACE}:{SPAN}:0:3");
    let pairs = [("uber-trace-id", id.as_str()), ("uberctx-tenant", "a%20b")];
    let remote = extracted([Jaeger], &pairs).expect("it is valid");
    assert_eq!(remote.baggage().get("tenant"), Some("a b"));
    assert_eq!(passed_on(Jaeger, &pairs), headers(&pairs));
}

#[test]
fn a_value_of_jaeger_counts_as_long_as_it_is_when_decoded() {
    let read = |repeated: usize| {
        let value = "%41".repeat(repeated);
        extracted([Jaeger], &[("uberctx-tenant", &value)])
    };
    let remote = read(8_000).expect("it fits");
    assert_eq!(remote.baggage().get("tenant").map(str::len), Some(8_000));
    assert!(read(8_192).is_none());
    assert!(read(9_000).is_none());
}

#[test]
fn kitex_keeps_what_persists_and_not_what_is_in_transit() {
    let pairs = [
        ("rpc-persist-tenant-id", "acme"),
        ("rpc-transit-once", "1"),
        ("source-service", "front"),
    ];
    let remote = extracted([Kitex], &pairs).expect("it brings something");
    let baggage = remote.baggage();
    assert_eq!(baggage.get("TENANT_ID"), Some("acme"));
    assert_eq!(
        baggage.member("ONCE").map(|member| member.reach),
        Some(Reach::Arrived)
    );
    assert_eq!(remote.peer_service(), Some("front"));
    assert!(!remote.is_valid());
    assert_eq!(forwarded([Kitex], &remote), headers(&pairs[..1]));
    assert_eq!(
        forwarded([KitexTtheader], &remote),
        headers(&[("RPC_PERSIST_TENANT_ID", "acme")])
    );
}

#[test]
fn kitex_reads_the_names_of_ttheader_as_they_are() {
    let pairs = [
        ("RPC_PERSIST_a_B", "1"),
        ("RPC_TRANSIT_c", "2"),
        ("RPC_PERSIST_", "3"),
        ("RPC_PERSIST_d", ""),
    ];
    let baggage = extracted([Kitex], &pairs)
        .expect("it brings something")
        .baggage();
    let keys: Vec<_> = baggage.iter().map(|member| member.key).collect();
    assert_eq!(keys, ["a_B", "c"]);
}

#[test]
fn kitex_otel_has_trace_and_baggage_in_transit() {
    let pairs = [
        ("rpc-transit-baggage", "tenant=acme"),
        ("rpc-transit-traceparent", TRACEPARENT),
        ("rpc-transit-tracestate", "foo=1"),
    ];
    assert_eq!(passed_on(KitexOtel, &pairs), headers(&pairs));
    let from_ttheader =
        pairs.map(|(name, value)| (name.to_ascii_uppercase().replace('-', "_"), value));
    let from_ttheader = from_ttheader
        .each_ref()
        .map(|(name, value)| (name.as_str(), *value));
    assert_eq!(passed_on(KitexOtel, &from_ttheader), headers(&pairs));
}

#[test]
fn kitex_otel_comes_after_what_comes_before_it() {
    let other = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let pairs = [
        ("traceparent", TRACEPARENT),
        ("rpc-transit-traceparent", other),
    ];
    let trace = |formats: [crate::propagation::Propagator; 2]| {
        let remote = extracted(formats, &pairs).expect("both bring a trace");
        remote.trace_id.to_string()
    };
    assert!(TRACEPARENT.contains(&trace([TraceContext, KitexOtel])));
    assert!(other.contains(&trace([KitexOtel, TraceContext])));
}

#[test]
fn a_member_for_the_next_hop_is_written_once() {
    let sent = forwarded(
        [Kitex, Baggage],
        &with_baggage(&crate::Baggage::new().with_next_hop("ONCE", "1")),
    );
    assert_eq!(sent, headers(&[("rpc-transit-once", "1")]));
    let next =
        extracted([Kitex, Baggage], &[("rpc-transit-once", "1")]).expect("it brings something");
    assert!(forwarded([Kitex, Baggage], &next).is_empty());
}

#[test]
fn kratos_names_the_caller_and_passes_global_metadata_on() {
    let pairs = [
        ("X-Md-Service-Name", "front"),
        ("x-md-global-tenant", "acme"),
        ("x-md-local-once", "1"),
    ];
    let remote = extracted([Kratos], &pairs).expect("it brings something");
    assert_eq!(remote.peer_service(), Some("front"));
    assert_eq!(remote.baggage().get("x-md-local-once"), Some("1"));
    assert_eq!(forwarded([Kratos], &remote), headers(&pairs[1..2]));
    let local = crate::Baggage::new()
        .with_next_hop("x-md-local-once", "1")
        .with("other", "2");
    assert_eq!(
        forwarded([Kratos], &with_baggage(&local)),
        headers(&pairs[2..])
    );
}

#[test]
fn formats_with_a_header_a_member_are_read_beside_each_other_in_their_order() {
    let pairs = [
        ("X-Md-Global-Tenant", "acme"),
        ("Rpc-Persist-User", "7"),
        ("Uberctx-Plan", "gold"),
        ("source-service", "kitex front"),
        ("x-md-service-name", "kratos front"),
    ];
    let read = |formats: [crate::propagation::Propagator; 3]| {
        extracted(formats, &pairs).expect("each brings something")
    };
    let remote = read([Jaeger, Kitex, Kratos]);
    let baggage = remote.baggage();
    let members = ["plan", "USER", "x-md-global-tenant"].map(|key| baggage.get(key));
    assert_eq!(members, [Some("gold"), Some("7"), Some("acme")]);
    assert_eq!(remote.peer_service(), Some("kitex front"));
    assert_eq!(
        read([Jaeger, Kratos, Kitex]).peer_service(),
        Some("kratos front")
    );
    let one = extracted([Jaeger, Kitex, Kratos], &pairs[1..2]).expect("Kitex's");
    assert_eq!(one.baggage().get("USER"), Some("7"));
}

fn with_baggage(baggage: &Baggage) -> Remote {
    let mut remote = Remote::new(crate::TraceId([1, 2]), crate::SpanId(3), 1);
    remote.carried = Some(std::sync::Arc::new(crate::context::Carried {
        baggage: baggage.clone(),
        ..Default::default()
    }));
    remote
}

#[test]
fn baggage_is_passed_on_as_it_came_and_rewritten_when_it_changes() {
    let header = "key1=value%201;p=1 ; q , key2 = \u{21}x, key3=";
    let remote = extracted([Baggage], &[("baggage", header)]).expect("it brings something");
    let baggage = remote.baggage();
    let members: Vec<_> = baggage
        .iter()
        .map(|m| (m.key, m.value, m.properties))
        .collect();
    assert_eq!(
        members,
        [
            ("key1", "value 1", "p=1 ; q"),
            ("key2", "!x", ""),
            ("key3", "", "")
        ]
    );
    assert_eq!(
        forwarded([Baggage], &remote),
        headers(&[("baggage", header)])
    );
    let changed = with_baggage(&baggage.with("key2", "ä,").without("key3"));
    assert_eq!(
        forwarded([Baggage], &changed),
        headers(&[("baggage", "key1=value%201;p=1 ; q,key2=%C3%A4%2C")])
    );
}

#[test]
fn baggage_of_several_headers_is_one_list_without_what_is_malformed() {
    let pairs = [
        ("baggage", "a=1,=2,b c=3"),
        ("Baggage", " "),
        ("baggage", "a=4,d=5;,e=\"6\""),
    ];
    let remote = extracted([Baggage], &pairs).expect("it brings something");
    assert_eq!(
        forwarded([Baggage], &remote),
        headers(&[("baggage", "a=1,d=5")])
    );
    assert_eq!(extracted([Baggage], &[("baggage", "no list")]), None);
}

#[test]
fn the_first_format_that_finds_a_parent_is_believed_and_all_are_written() {
    let b3 = format!("{TRACE}-{SPAN}-0");
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let pairs = [
        ("b3", b3.as_str()),
        ("traceparent", traceparent),
        ("tracestate", "a=1"),
    ];
    let w3c_first = extracted([TraceContext, B3], &pairs);
    assert_eq!(ids(&w3c_first).0, "0af7651916cd43dd8448eb211c80319c");
    let b3_first = extracted([B3, TraceContext], &pairs);
    assert_eq!(ids(&b3_first).0, TRACE);
    assert_eq!(b3_first.as_ref().and_then(Remote::tracestate), None);
    // A malformed one is passed over.
    let second = extracted([B3, TraceContext], &[("b3", "x-y"), pairs[1]]);
    assert_eq!(ids(&second), ids(&w3c_first));
    let written = forwarded(
        [Jaeger, TraceContext, B3, B3Multi],
        &b3_first.expect("it is valid"),
    );
    let names: Vec<_> = written.iter().map(|(name, _)| name.as_str()).collect();
    let all = [
        "b3",
        "traceparent",
        "uber-trace-id",
        "x-b3-sampled",
        "x-b3-spanid",
        "x-b3-traceid",
    ];
    assert_eq!(names, all);
}

#[test]
fn none_reads_and_writes_nothing() {
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert_eq!(extracted([], &[("traceparent", traceparent)]), None);
    let remote = Remote::new(crate::TraceId([1, 2]), crate::SpanId(3), 1);
    assert!(forwarded([], &remote).is_empty());
}

#[cfg(all(feature = "tower", feature = "tonic"))]
#[test]
fn requests_of_http_and_grpc_and_their_headers_are_carriers() {
    use crate::propagation::{Extract, Inject, Propagators};

    fn goes_through(mut carrier: impl Extract + Inject) {
        let propagators = Propagators::new([TraceContext]);
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03";
        let remote = extracted([TraceContext], &[("traceparent", parent)]).expect("it is valid");
        propagators.forward(&remote, &mut carrier);
        assert_eq!(propagators.extract(&carrier), Some(remote));
        assert_eq!(carrier.first("traceparent"), Some(parent));
    }
    goes_through(http::HeaderMap::new());
    goes_through(http::Request::new(()));
    goes_through(tonic::metadata::MetadataMap::new());
    goes_through(tonic::Request::new(()));
    goes_through(std::collections::HashMap::<String, String>::new());
}
