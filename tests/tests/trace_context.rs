//! The conditions of the W3C's validation suite for trace context, level 2, strict: a service is called with these headers
//! and calls others in turn. <https://github.com/w3c/trace-context/tree/main/test>
#![deny(warnings)]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::collections::HashSet;

use http::{HeaderMap, HeaderName, HeaderValue};
use tracer_runtime::testing::capture;
use tracer_runtime::traced;

const TRACE: &str = "12345678901234567890123456789012";
const PARENT: &str = "1234567890123456";
const TRACEPARENT: &str = "00-12345678901234567890123456789012-1234567890123456-00";

#[traced(server)]
fn service(headers: &HeaderMap, calls: usize) -> Vec<HeaderMap> {
    assert!(headers.len() < 100);
    (0..calls).map(|_| call(HeaderMap::new())).collect()
}

#[traced(client)]
fn call(headers: HeaderMap) -> HeaderMap {
    headers
}

/// What a callback got.
struct Sent {
    trace: String,
    parent: String,
    flags: u8,
    state: Vec<String>,
}

fn callbacks(headers: &[(&str, &str)], calls: usize) -> Vec<Sent> {
    let mut incoming = HeaderMap::new();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        incoming.append(name, HeaderValue::from_str(value).unwrap());
    }
    let _capture = capture();
    let sent = service(&incoming, calls);
    sent.into_iter().map(|headers| read(&headers)).collect()
}

/// As the suite reads it: exactly one valid `traceparent`.
fn read(headers: &HeaderMap) -> Sent {
    let parents: Vec<_> = headers.get_all("traceparent").iter().collect();
    assert_eq!(parents.len(), 1);
    let parts: Vec<_> = parents[0].to_str().unwrap().split('-').collect();
    let [version, trace, parent, flags] = parts[..] else {
        panic!("{parts:?}");
    };
    assert_eq!(version, "00");
    for (part, digits) in [(trace, 32), (parent, 16), (flags, 2)] {
        let good = part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        assert!(good && part.len() == digits, "{part}");
    }
    assert!(
        [trace, parent]
            .iter()
            .all(|id| id.bytes().any(|b| b != b'0'))
    );
    let states = headers.get_all("tracestate").iter();
    let members = states.flat_map(|state| state.to_str().unwrap().split(','));
    Sent {
        trace: trace.to_owned(),
        parent: parent.to_owned(),
        flags: u8::from_str_radix(flags, 16).unwrap(),
        state: members
            .map(|member| member.trim_matches([' ', '\t']).to_owned())
            .filter(|member| !member.is_empty())
            .collect(),
    }
}

fn callback(headers: &[(&str, &str)]) -> Sent {
    callbacks(headers, 1).remove(0)
}

#[track_caller]
fn assert_continued(traceparent: &str) {
    let sent = callback(&[("traceparent", traceparent)]);
    assert_eq!(sent.trace, TRACE, "{traceparent}");
    assert_ne!(sent.parent, PARENT, "{traceparent}");
}

#[track_caller]
fn assert_new(headers: &[(&str, &str)]) {
    assert!(
        !headers
            .iter()
            .any(|(_, value)| value.contains(&callback(headers).trace)),
        "{headers:?}"
    );
}

#[track_caller]
fn assert_refused(traceparents: &[&str]) {
    for traceparent in traceparents {
        assert_new(&[("traceparent", traceparent)]);
    }
}

/// What is passed on of these `tracestate` headers, beside a parent that always is.
fn state(states: &[&str]) -> Vec<String> {
    let mut headers = vec![("traceparent", TRACEPARENT)];
    headers.extend(states.iter().map(|state| ("tracestate", *state)));
    let sent = callback(&headers);
    assert_eq!(sent.trace, TRACE);
    sent.state
}

#[track_caller]
fn assert_state(states: &[&str], expected: &[&str]) {
    assert_eq!(state(states), expected);
}

#[track_caller]
fn assert_state_refused(states: &[&str]) {
    assert_eq!(state(states), [""; 0], "{states:?}");
}

// === traceparent ===

#[test]
fn both_traceparent_and_tracestate_missing() {
    callback(&[]);
}

#[test]
fn traceparent_included_tracestate_missing() {
    assert_continued("00-12345678901234567890123456789012-1234567890123456-01");
}

#[test]
fn traceparent_duplicated() {
    assert_new(&[
        (
            "traceparent",
            "00-12345678901234567890123456789011-1234567890123456-01",
        ),
        (
            "traceparent",
            "00-12345678901234567890123456789012-1234567890123456-01",
        ),
    ]);
}

#[test]
fn traceparent_header_name() {
    assert_new(&[("trace-parent", TRACEPARENT)]);
    assert_new(&[("trace.parent", TRACEPARENT)]);
}

#[test]
fn traceparent_header_name_valid_casing() {
    for name in ["TraceParent", "TrAcEpArEnT", "TRACEPARENT"] {
        assert_eq!(callback(&[(name, TRACEPARENT)]).trace, TRACE);
    }
}

#[test]
fn traceparent_version_0x00() {
    assert_refused(&[
        "00-12345678901234567890123456789012-1234567890123456-01.",
        "00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
    ]);
}

#[test]
fn traceparent_version_0xcc() {
    assert_continued("cc-12345678901234567890123456789012-1234567890123456-01");
    assert_continued(
        "cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
    );
    assert_refused(&[
        "cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like",
    ]);
}

#[test]
fn traceparent_version_0xff() {
    assert_refused(&["ff-12345678901234567890123456789012-1234567890123456-01"]);
}

#[test]
fn traceparent_version_illegal_characters() {
    assert_refused(&[
        ".0-12345678901234567890123456789012-1234567890123456-01",
        "0.-12345678901234567890123456789012-1234567890123456-01",
    ]);
}

#[test]
fn traceparent_version_too_long() {
    assert_refused(&[
        "000-12345678901234567890123456789012-1234567890123456-01",
        "0000-12345678901234567890123456789012-1234567890123456-01",
    ]);
}

#[test]
fn traceparent_version_too_short() {
    assert_refused(&["0-12345678901234567890123456789012-1234567890123456-01"]);
}

#[test]
fn traceparent_trace_id_all_zero() {
    assert_refused(&["00-00000000000000000000000000000000-1234567890123456-01"]);
}

#[test]
fn traceparent_trace_id_illegal_characters() {
    assert_refused(&[
        "00-.2345678901234567890123456789012-1234567890123456-01",
        "00-1234567890123456789012345678901.-1234567890123456-01",
    ]);
}

#[test]
fn traceparent_trace_id_too_long() {
    assert_refused(&["00-123456789012345678901234567890123-1234567890123456-01"]);
}

#[test]
fn traceparent_trace_id_too_short() {
    assert_refused(&["00-1234567890123456789012345678901-1234567890123456-01"]);
}

#[test]
fn traceparent_parent_id_all_zero() {
    assert_refused(&["00-12345678901234567890123456789012-0000000000000000-01"]);
}

#[test]
fn traceparent_parent_id_illegal_characters() {
    assert_refused(&[
        "00-12345678901234567890123456789012-.234567890123456-01",
        "00-12345678901234567890123456789012-123456789012345.-01",
    ]);
}

#[test]
fn traceparent_parent_id_too_long() {
    assert_refused(&["00-12345678901234567890123456789012-12345678901234567-01"]);
}

#[test]
fn traceparent_parent_id_too_short() {
    assert_refused(&["00-12345678901234567890123456789012-123456789012345-01"]);
}

#[test]
fn traceparent_trace_flags_illegal_characters() {
    assert_refused(&[
        "00-12345678901234567890123456789012-1234567890123456-.0",
        "00-12345678901234567890123456789012-1234567890123456-0.",
    ]);
}

#[test]
fn traceparent_trace_flags_too_long() {
    assert_refused(&["00-12345678901234567890123456789012-1234567890123456-001"]);
}

#[test]
fn traceparent_trace_flags_too_short() {
    assert_refused(&["00-12345678901234567890123456789012-1234567890123456-1"]);
}

#[test]
fn traceparent_ows_handling() {
    for (before, after) in [(" ", ""), ("\t", ""), ("", " "), ("", "\t"), ("\t ", " \t")] {
        assert_continued(&format!("{before}{TRACEPARENT}{after}"));
    }
}

// === tracestate ===

#[test]
fn tracestate_included_traceparent_missing() {
    assert!(callback(&[("tracestate", "foo=1")]).state.is_empty());
    assert!(callback(&[("tracestate", "foo=1,bar=2")]).state.is_empty());
}

#[test]
fn tracestate_included_traceparent_included() {
    assert_state(&["foo=1,bar=2"], &["foo=1", "bar=2"]);
}

#[test]
fn tracestate_header_name() {
    for name in ["trace-state", "trace.state"] {
        let sent = callback(&[("traceparent", TRACEPARENT), (name, "foo=1")]);
        assert!(sent.state.is_empty());
    }
}

#[test]
fn tracestate_header_name_valid_casing() {
    for name in ["TraceState", "TrAcEsTaTe", "TRACESTATE"] {
        let sent = callback(&[("traceparent", TRACEPARENT), (name, "foo=1")]);
        assert_eq!(sent.state, ["foo=1"]);
    }
}

#[test]
fn tracestate_empty_header() {
    assert_state_refused(&[""]);
    assert_state(&["foo=1", ""], &["foo=1"]);
    assert_state(&["", "foo=1"], &["foo=1"]);
}

#[test]
fn tracestate_multiple_headers_different_keys() {
    assert_state(
        &["foo=1,bar=2", "rojo=1,congo=2", "baz=3"],
        &["foo=1", "bar=2", "rojo=1", "congo=2", "baz=3"],
    );
}

/// Either is kept, or both.
#[test]
fn tracestate_duplicated_keys() {
    assert_state(&["foo=1,foo=1"], &["foo=1", "foo=1"]);
    assert_state(&["foo=1,foo=2"], &["foo=1", "foo=2"]);
    assert_state(&["foo=1", "foo=1"], &["foo=1", "foo=1"]);
    assert_state(&["foo=1", "foo=2"], &["foo=1", "foo=2"]);
}

#[test]
fn tracestate_all_allowed_characters() {
    let key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
    let value: String = (' '..='~').filter(|c| ![',', '='].contains(c)).collect();
    for key in [key.to_owned(), format!("{key}@a-z0-9_-*/")] {
        let member = format!("{key}={value}");
        assert_state(&[&member], &[&member]);
    }
}

#[test]
fn tracestate_ows_handling() {
    let all = ["foo=1", "bar=2", "baz=3"];
    assert_state(&["foo=1 \t , \t bar=2, \t baz=3"], &all);
    assert_state(&["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], &all);
    for one in [" foo=1", "\tfoo=1", "foo=1 ", "foo=1\t", "\t foo=1 \t"] {
        assert_state(&[one], &["foo=1"]);
    }
}

#[test]
fn tracestate_key_illegal_characters() {
    for bad in ["foo =1", "FOO=1", "foo.bar=1"] {
        assert_state_refused(&[bad]);
    }
}

/// At level 2 a vendor is no longer told from a tenant.
#[test]
fn tracestate_key_illegal_vendor_format() {
    assert_state_refused(&["@foo=1,bar=2"]);
    for good in ["foo@=1", "foo@@bar=1", "foo@bar@baz=1"] {
        assert_state(&[&format!("{good},bar=2")], &[good, "bar=2"]);
    }
}

#[test]
fn tracestate_member_count_limit() {
    let members = |range: std::ops::RangeInclusive<u32>| {
        let members = range.map(|i| format!("bar{i:02}={i:02}"));
        members.collect::<Vec<_>>().join(",")
    };
    let three = [members(1..=10), members(11..=20), members(21..=30)];
    let with = |last: &str| {
        let [a, b, c] = &three;
        state(&[a, b, c, last])
    };
    assert_eq!(with(&members(31..=32)).len(), 32);
    assert!(with(&members(31..=33)).is_empty());
}

#[test]
fn tracestate_key_length_limit() {
    let key = |key: String| state(&["foo=1", &format!("{key}=1")]).len();
    assert_eq!(key("z".repeat(256)), 2);
    assert_eq!(key("z".repeat(257)), 0);
    assert_eq!(key(format!("{}@{}", "t".repeat(241), "v".repeat(14))), 2);
    assert_eq!(key(format!("{}@v", "t".repeat(242))), 2);
    assert_eq!(key(format!("t@{}", "v".repeat(15))), 2);
}

#[test]
fn tracestate_value_illegal_characters() {
    assert_state_refused(&["foo=bar=baz"]);
    assert_state_refused(&["foo=,bar=3"]);
}

// === several calls, and level 2 ===

fn ids(sent: &[Sent]) -> (HashSet<&str>, HashSet<&str>) {
    let traces = sent.iter().map(|sent| sent.trace.as_str());
    let parents = sent.iter().map(|sent| sent.parent.as_str());
    (traces.collect(), parents.collect())
}

#[test]
fn multiple_requests_with_valid_traceparent() {
    let sent = callbacks(&[("traceparent", TRACEPARENT)], 3);
    let (traces, parents) = ids(&sent);
    assert_eq!(traces, HashSet::from([TRACE]));
    assert_eq!(parents.len(), 3);
}

#[test]
fn multiple_requests_without_traceparent() {
    assert_eq!(ids(&callbacks(&[], 3)).1.len(), 3);
}

#[test]
fn multiple_requests_with_illegal_traceparent() {
    let zero = "00-00000000000000000000000000000000-1234567890123456-01";
    let sent = callbacks(&[("traceparent", zero)], 3);
    assert_eq!(ids(&sent).1.len(), 3);
}

#[test]
fn propagates_random_flag() {
    for flags in 0..4 {
        let traceparent = format!("00-{TRACE}-{PARENT}-{flags:02x}");
        assert_eq!(callback(&[("traceparent", &traceparent)]).flags, flags);
    }
}

#[test]
fn a_trace_of_our_own_can_be_read_by_those_who_know_one_flag() {
    assert_eq!(callback(&[]).flags, 1);
}
