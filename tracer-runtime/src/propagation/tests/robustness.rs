use super::{Propagator, Propagators, extracted, headers};
use crate::baggage::MAX_MEMBERS;
use crate::propagation::errors;
use crate::propagation::{Extract, Propagator::*};

const ALL: [Propagator; 7] = [TraceContext, Baggage, B3, B3Multi, Jaeger, Kitex, Kratos];
const NAMES: [&str; 12] = [
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-sampled",
    "x-b3-flags",
    "uber-trace-id",
    "uberctx-key",
    "rpc-persist-key",
    "x-md-service-name",
];

/// Values as they may come from the network.
struct Bytes(Vec<(&'static str, Vec<u8>)>);

impl Extract for Bytes {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        for (name, value) in &self.0 {
            see(name, value);
        }
    }
}

/// Errors so far, all formats together; other tests make some too.
fn errors() -> u64 {
    errors::totals().map(|(_, _, errors)| errors).sum()
}

#[test]
fn a_header_of_a_mebibyte_is_left_out_and_counted() {
    for name in NAMES {
        for text in ["x", "0", "a=1,", ",", " ", "%"] {
            let before = errors();
            let long = text.repeat((1 << 20) / text.len());
            let remote = extracted(ALL, &[(name, &long)]);
            let held = remote.map_or(0, |remote| {
                remote.baggage().iter().map(|m| m.value.len()).sum()
            });
            assert!(held < 8192);
            // White space alone is no value, and an unknown word for `debug` means nothing.
            let says_nothing =
                [",", " "].contains(&text) || name == "x-b3-flags" || name == "tracestate";
            assert!(says_nothing || errors() > before, "{name}: {text}");
        }
    }
}

#[test]
fn ten_thousand_headers_are_read_up_to_the_limits_and_counted() {
    for name in NAMES {
        let before = errors();
        let many = vec![(name, "a=1"); 10_000];
        assert!(extracted(ALL, &many).is_none_or(|remote| remote.baggage().len() <= 1));
        let may_repeat = [
            "tracestate",
            "uberctx-key",
            "rpc-persist-key",
            "x-md-service-name",
        ]
        .contains(&name);
        assert!(may_repeat || errors() > before, "{name}");
    }
    let names: Vec<_> = (0..10_000).map(|i| format!("rpc-persist-{i}")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let before = errors();
    let remote = extracted(ALL, &many).expect("some of it fits");
    assert_eq!(remote.baggage().len(), MAX_MEMBERS);
    assert!(errors() > before);
}

#[test]
fn too_many_members_of_one_format_hide_no_caller_of_another() {
    let names: Vec<_> = (0..1_000).map(|i| format!("rpc-persist-{i}")).collect();
    let mut many: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
    many.extend([("source-service", "till"), ("uberctx-a", "2")]);
    let remote = extracted(ALL, &many).expect("some of it fits");
    assert_eq!(remote.peer_service(), Some("till"));
    // Jaeger comes before Kitex there.
    assert_eq!(remote.baggage().get("a"), Some("2"));
    assert_eq!(remote.baggage().len(), MAX_MEMBERS);
}

#[test]
fn what_is_not_text_is_left_out_and_counted() {
    let propagators = Propagators::new(ALL);
    for name in NAMES {
        let before = errors();
        let remote = propagators.extract(&Bytes(vec![(name, vec![0xff, 0xfe, 0x80])]));
        // Jaeger's baggage replaces what is not.
        let replaced = name == "uberctx-key";
        assert_eq!(remote.is_some(), replaced, "{name}");
        let counted = ["tracestate", "x-b3-flags"].contains(&name) || replaced || errors() > before;
        assert!(counted, "{name}");
    }
    let parent = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_vec();
    let before = errors();
    let remote = propagators.extract(&Bytes(vec![
        ("traceparent", parent),
        ("tracestate", vec![0xff]),
    ]));
    assert_eq!(remote.expect("the parent is good").tracestate(), None);
    assert!(errors() > before);
}

#[test]
fn an_empty_carrier_brings_nothing() {
    assert_eq!(extracted(ALL, &[]), None);
    assert_eq!(
        extracted(ALL, &[("accept", "*/*"), ("x-mdx", "1"), ("uberctx-", "1")]),
        None
    );
    assert_eq!(Propagators::new(ALL).extract(&headers(&[])), None);
}
