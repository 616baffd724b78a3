//! What goes straight for the headers of a request is what goes the usual way.

use http::{HeaderMap, HeaderValue};

use super::super::{Propagator, Propagators, extract, extract_alone, inject, inject_request};
use crate::rpc::{RpcCall, RpcPlan};
use crate::testing;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const RANDOM: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03";

fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

#[test]
fn a_traceparent_alone_is_read_as_by_the_propagators() {
    for (value, is_good) in [(PARENT, true), (RANDOM, true), ("00-0", false), ("", false)] {
        let straight = extract_alone(&HeaderValue::from_static(value));
        let usual = extract(&map(&[("traceparent", value)]));
        assert_eq!(usual.is_some(), is_good, "{value}");
        assert_eq!(straight, Some(usual), "{value}");
    }
}

#[test]
fn a_request_takes_along_what_any_carrier_takes_along() {
    let _capture = testing::capture();
    for brought in [
        map(&[]),
        map(&[("traceparent", PARENT)]),
        map(&[("traceparent", RANDOM), ("tracestate", "a=1")]),
        map(&[("traceparent", PARENT), ("baggage", "user=7")]),
    ] {
        let mut call = RpcCall::serve(RpcPlan::server("grpc"), &brought);
        let (mut request, mut carrier) = (HeaderMap::new(), HeaderMap::new());
        call.within(|| {
            inject_request(&mut request);
            inject(&mut carrier);
        });
        assert!(request.contains_key("traceparent"), "{brought:?}");
        assert_eq!(request, carrier, "{brought:?}");
        // HTTP/2 does not index what is never the same again.
        assert!(request["traceparent"].is_sensitive(), "{brought:?}");
    }
}

#[test]
fn only_the_default_formats_go_straight() {
    use Propagator::{B3, Baggage, TraceContext};
    assert!(Propagators::default().are_standard());
    assert!(Propagators::new([TraceContext, Baggage]).are_standard());
    assert!(!Propagators::new([TraceContext]).are_standard());
    assert!(!Propagators::new([TraceContext, Baggage, B3]).are_standard());
}
