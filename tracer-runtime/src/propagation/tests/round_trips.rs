//! What is written of what was read is what was read, whatever it was.

use proptest::prelude::*;

use super::{Headers, extracted, headers, passed_on};
use crate::propagation::Propagator::{self, *};

fn trace() -> impl Strategy<Value = String> {
    "[0-9a-f]{31}[1-9a-f]"
}

fn trace_of_any_length() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9a-f]{15}[1-9a-f]", "[1-9a-f][0-9a-f]{30}[1-9a-f]"]
}

fn span() -> impl Strategy<Value = String> {
    "[0-9a-f]{15}[1-9a-f]"
}

fn same(format: Propagator, pairs: &[(&str, &str)]) -> Result<(), TestCaseError> {
    let mut expected = headers(pairs);
    expected.sort();
    prop_assert_eq!(passed_on(format, pairs), expected);
    Ok(())
}

/// A list as it comes, with white space where it may be.
fn list(member: &'static str, max: usize) -> impl Strategy<Value = String> {
    let members = prop::collection::vec(member, 1..=max);
    (members, "[ \t]{0,2}").prop_map(|(members, space)| members.join(&format!("{space},{space}")))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn trace_context(
        trace in trace(),
        span in span(),
        flags in 0..4_u8,
        state in list("[a-z0-9][a-z0-9_*/@-]{0,20}=[!-+\\--<>-~]{1,20}", 32),
    ) {
        let parent = format!("00-{trace}-{span}-{flags:02x}");
        same(TraceContext, &[("traceparent", &parent)])?;
        same(TraceContext, &[("traceparent", &parent), ("tracestate", &state)])?;
    }

    #[test]
    fn baggage(members in list("[a-zA-Z0-9!#$&'*+.^_`|~-]{1,10}[ \t]?=[ \t]?[!#-+\\--:<-\\[\\]-~]{0,10}(; ?p(=v)?){0,2}", 60)) {
        let remote = extracted([Baggage], &[("baggage", &members)]);
        let has_all = remote.is_some_and(|r| r.baggage().len() == members.split(',').count());
        // Where a key comes twice, one is left out.
        if has_all {
            same(Baggage, &[("baggage", members.trim_matches([' ', '\t']))])?;
        }
    }

    #[test]
    fn baggage_that_we_make(members in prop::collection::vec(("[a-z]{1,8}", "\\PC{0,20}"), 1..40)) {
        let baggage: crate::Baggage = members.iter().map(|(key, value)| (key, value)).collect();
        let mut remote = crate::Remote::new(crate::TraceId([1, 2]), crate::SpanId(3), 1);
        remote.carried = Some(std::sync::Arc::new(crate::context::Carried {
            baggage: baggage.clone(),
            ..Default::default()
        }));
        for format in [Baggage, Jaeger] {
            let written: Headers = super::forwarded([format.clone()], &remote);
            let read = super::Propagators::new([format]).extract(&written).expect("it brings baggage").baggage();
            for member in baggage.iter() {
                prop_assert_eq!(read.get(member.key), Some(member.value));
            }
        }
    }

    #[test]
    fn b3(trace in trace_of_any_length(), span in span(), state in "(-[01d])?") {
        same(B3, &[("b3", &format!("{trace}-{span}{state}"))])?;
    }

    #[test]
    fn b3_in_several_headers(trace in trace_of_any_length(), span in span(), state in 0..4_usize) {
        let ids = [("x-b3-spanid", span.as_str()), ("x-b3-traceid", &trace)];
        let decision = [None, Some(("x-b3-sampled", "0")), Some(("x-b3-sampled", "1")), Some(("x-b3-flags", "1"))];
        let pairs: Vec<_> = ids.into_iter().chain(decision[state]).collect();
        same(B3Multi, &pairs)?;
    }

    #[test]
    fn jaeger(trace in trace_of_any_length(), span in span(), flags in "[013]", value in "[a-z!-$]{0,20}") {
        let id = format!("{trace}:{span}:0:{flags}");
        let value = value.replace(['"', '%'], "");
        same(Jaeger, &[("uber-trace-id", &id), ("uberctx-key", &value)])?;
    }

    #[test]
    fn kitex(keys in prop::collection::btree_set("[a-z0-9][a-z0-9-]{0,10}", 1..20), value in "[ -~]{1,20}") {
        let names: Vec<_> = keys.iter().map(|key| format!("rpc-persist-{key}")).collect();
        let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), value.as_str())).collect();
        same(Kitex, &pairs)?;
    }

    #[test]
    fn kitex_over_ttheader(keys in prop::collection::btree_set("[A-Z0-9_-]{1,10}", 1..20), value in "\\PC{1,20}") {
        let names: Vec<_> = keys.iter().map(|key| format!("RPC_PERSIST_{key}")).collect();
        let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), value.as_str())).collect();
        same(KitexTtheader, &pairs)?;
    }

    #[test]
    fn kitex_otel(trace in trace(), span in span(), flags in 0..4_u8, member in "[a-z]{1,8}=[a-z]{1,8}") {
        let parent = format!("00-{trace}-{span}-{flags:02x}");
        let trace = [("rpc-transit-baggage", member.as_str()), ("rpc-transit-traceparent", &parent)];
        same(KitexOtel, &trace)?;
        same(KitexOtel, &trace[1..])?;
        same(KitexOtel, &trace[..1])?;
    }

    #[test]
    fn kratos(keys in prop::collection::btree_set("[a-z0-9][a-z0-9-]{0,10}", 1..20), value in "[ -~]{1,20}") {
        let names: Vec<_> = keys.iter().map(|key| format!("x-md-global-{key}")).collect();
        let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), value.as_str())).collect();
        same(Kratos, &pairs)?;
    }

    #[test]
    fn nothing_makes_any_of_them_panic(name in prop::sample::select(Propagator::names().collect::<Vec<_>>()), value in ".*") {
        let format = Propagator::from_name(name).expect("it is a name");
        for header in ["traceparent", "tracestate", "baggage", "b3", "x-b3-traceid", "uber-trace-id", "uberctx-é"] {
            passed_on(format.clone(), &[(header, &value), (&value, header)]);
        }
    }
}
