"""W3C trace context: what a service sends on, for everything that it may receive.

The 41 conditions of the specification's validation suite, for level 2 and strict
(<https://www.w3.org/TR/trace-context-2/>). A condition is a function that yields
what is wrong; its docstring is its name.
"""

import re
import string

from support.forward import Forward
from support.results import run_check

NAME = "w3c"

TRACE = "0af7651916cd43dd8448eb211c80319c"
OTHER_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "b7ad6b7169203331"
VALID = f"00-{TRACE}-{PARENT}-01"

TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")

CONDITIONS = []


def condition(function):
    CONDITIONS.append(function)
    return function


class Sent:
    """The context that a call was sent with."""

    def __init__(self, head):
        found = head.values("traceparent")
        parsed = TRACEPARENT.fullmatch(found[0]) if len(found) == 1 else None
        self.problem = None if parsed else f"sent traceparent {found}"
        self.trace, self.parent, flags = parsed.groups() if parsed else ("", "", "00")
        if parsed and (not int(self.trace, 16) or not int(self.parent, 16)):
            self.problem = f"sent an id of zeros: {found[0]}"
        self.flags = int(flags, 16)
        members = ",".join(head.values("tracestate")).split(",")
        self.tracestate = [member.strip(" \t") for member in members if member.strip(" \t")]


def calls(forward, *headers, number=1):
    """Headers are `(name, value)`; the value is sent behind `Name:` as it is."""
    return [Sent(head) for head in forward.calls(headers, number)]


def continued(forward, *headers, tracestate=None):
    """Problems unless the trace goes on, with this tracestate if one is said."""
    (sent,) = calls(forward, *headers)
    if sent.problem:
        yield sent.problem
    elif sent.trace != TRACE or sent.parent == PARENT:
        yield f"{headers}: sent {sent.trace}-{sent.parent}"
    if tracestate is not None and sent.tracestate != tracestate:
        yield f"{headers}: sent tracestate {sent.tracestate}"


def restarted(forward, *headers):
    """Problems unless a trace of its own begins, without tracestate."""
    (sent,) = calls(forward, *headers)
    if sent.problem:
        yield sent.problem
    elif sent.trace in (TRACE, OTHER_TRACE):
        yield f"{headers}: went on with {sent.trace}"
    if sent.tracestate:
        yield f"{headers}: sent tracestate {sent.tracestate}"


def all_restarted(forward, *traceparents):
    for each in traceparents:
        yield from restarted(forward, ("traceparent", each), ("tracestate", "foo=1"))


def with_state(*lines):
    return [("traceparent", VALID), *(("tracestate", line) for line in lines)]


@condition
def both_headers_missing(forward):
    """neither header: a trace of its own"""
    yield from restarted(forward)


@condition
def tracestate_missing(forward):
    """traceparent alone: the trace goes on"""
    yield from continued(forward, ("traceparent", VALID), tracestate=[])


@condition
def traceparent_duplicated(forward):
    """two traceparents: neither is believed"""
    other = f"00-{OTHER_TRACE}-{PARENT}-01"
    yield from restarted(forward, ("traceparent", VALID), ("traceparent", other))
    yield from restarted(forward, ("traceparent", VALID), ("traceparent", VALID))


@condition
def traceparent_name(forward):
    """names that are nearly traceparent mean nothing"""
    for name in ("trace-parent", "trace.parent"):
        yield from restarted(forward, (name, VALID))


@condition
def traceparent_case(forward):
    """traceparent in any case"""
    for name in ("TraceParent", "TrAcEpArEnT", "TRACEPARENT"):
        yield from continued(forward, (name, VALID))


@condition
def version_00(forward):
    """version 00 has nothing behind the flags"""
    yield from all_restarted(forward, f"{VALID}.", f"{VALID}-what-the-future-will-be-like", f"{VALID}-")


@condition
def version_cc(forward):
    """a future version may have more behind a dash"""
    future = f"cc{VALID[2:]}"
    for each in (future, f"{future}-what-the-future-will-be-like"):
        yield from continued(forward, ("traceparent", each))
    yield from all_restarted(forward, f"{future}.what-the-future-will-not-be-like")


@condition
def version_ff(forward):
    """version ff is invalid"""
    yield from all_restarted(forward, f"ff{VALID[2:]}")


@condition
def version_characters(forward):
    """version: illegal characters"""
    yield from all_restarted(forward, f".0{VALID[2:]}", f"0.{VALID[2:]}")


@condition
def version_long(forward):
    """version: too long"""
    yield from all_restarted(forward, f"000{VALID[2:]}", f"0000{VALID[2:]}")


@condition
def version_short(forward):
    """version: too short"""
    yield from all_restarted(forward, f"0{VALID[2:]}", VALID[2:])


@condition
def trace_id_zero(forward):
    """trace id: zeros"""
    yield from all_restarted(forward, f"00-{'0' * 32}-{PARENT}-01")


@condition
def trace_id_characters(forward):
    """trace id: illegal characters"""
    bad = (f".{TRACE[1:]}", f"{TRACE[:-1]}.", TRACE.upper())
    yield from all_restarted(forward, *(f"00-{each}-{PARENT}-01" for each in bad))


@condition
def trace_id_long(forward):
    """trace id: too long"""
    yield from all_restarted(forward, f"00-{TRACE}2-{PARENT}-01", f"00-1{TRACE}-{PARENT}-01")


@condition
def trace_id_short(forward):
    """trace id: too short"""
    yield from all_restarted(forward, f"00-{TRACE[:-1]}-{PARENT}-01", f"00-{TRACE[:16]}-{PARENT}-01")


@condition
def parent_id_zero(forward):
    """parent id: zeros"""
    yield from all_restarted(forward, f"00-{TRACE}-{'0' * 16}-01")


@condition
def parent_id_characters(forward):
    """parent id: illegal characters"""
    bad = (f".{PARENT[1:]}", f"{PARENT[:-1]}.", PARENT.upper())
    yield from all_restarted(forward, *(f"00-{TRACE}-{each}-01" for each in bad))


@condition
def parent_id_long(forward):
    """parent id: too long"""
    yield from all_restarted(forward, f"00-{TRACE}-{PARENT}7-01")


@condition
def parent_id_short(forward):
    """parent id: too short"""
    yield from all_restarted(forward, f"00-{TRACE}-{PARENT[:-1]}-01")


@condition
def flags_characters(forward):
    """flags: illegal characters"""
    yield from all_restarted(forward, *(f"00-{TRACE}-{PARENT}-{each}" for each in (".0", "0.", "0A")))


@condition
def flags_long(forward):
    """flags: too long"""
    yield from all_restarted(forward, f"00-{TRACE}-{PARENT}-001")


@condition
def flags_short(forward):
    """flags: too short"""
    yield from all_restarted(forward, f"00-{TRACE}-{PARENT}-1", f"00-{TRACE}-{PARENT}-")


@condition
def traceparent_white_space(forward):
    """white space around traceparent"""
    for each in (f" {VALID}", f"\t{VALID}", f"{VALID} ", f"{VALID}\t", f"\t {VALID} \t"):
        yield from continued(forward, ("traceparent", each))


@condition
def traceparent_missing(forward):
    """tracestate alone is dropped"""
    yield from restarted(forward, ("tracestate", "foo=1"))
    yield from restarted(forward, ("tracestate", "foo=1,bar=2"))


@condition
def both_headers(forward):
    """both headers: tracestate is sent on"""
    yield from continued(forward, *with_state("foo=1,bar=2"), tracestate=["foo=1", "bar=2"])


@condition
def tracestate_name(forward):
    """names that are nearly tracestate mean nothing"""
    for name in ("trace-state", "trace.state"):
        yield from continued(forward, ("traceparent", VALID), (name, "foo=1"), tracestate=[])


@condition
def tracestate_case(forward):
    """tracestate in any case"""
    for name in ("TraceState", "TrAcEsTaTe", "TRACESTATE"):
        yield from continued(forward, ("traceparent", VALID), (name, "foo=1"), tracestate=["foo=1"])


@condition
def tracestate_empty(forward):
    """an empty tracestate is no mistake"""
    yield from continued(forward, *with_state(""), tracestate=[])
    yield from continued(forward, *with_state("foo=1", ""), tracestate=["foo=1"])
    yield from continued(forward, *with_state("", "foo=1"), tracestate=["foo=1"])


@condition
def tracestate_several(forward):
    """several tracestates are one, in their order"""
    yield from continued(
        forward,
        *with_state("foo=1,bar=2", "rojo=1,congo=2", "baz=3"),
        tracestate=["foo=1", "bar=2", "rojo=1", "congo=2", "baz=3"],
    )


@condition
def tracestate_twice(forward):
    """a key twice: the trace goes on, no member is invented"""
    for lines in (["foo=1,foo=1"], ["foo=1,foo=2"], ["foo=1", "foo=1"], ["foo=1", "foo=2"]):
        yield from continued(forward, *with_state(*lines))
        (sent,) = calls(forward, *with_state(*lines))
        if set(sent.tracestate) - set(",".join(lines).split(",")):
            yield f"{lines}: sent tracestate {sent.tracestate}"


@condition
def tracestate_characters(forward):
    """every character that tracestate allows"""
    key = string.ascii_lowercase + string.digits + "_-*/"
    value = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in ",=")
    for member in (f"{key}={value}", f"{key}@a-z0-9_-*/={value}", f"a= {value}", "1a=1"):
        yield from continued(forward, *with_state(member), tracestate=[member])


@condition
def tracestate_white_space(forward):
    """white space around members"""
    for line in ("foo=1 \t , \t bar=2, \t baz=3", "foo=1\t \t,\t \tbar=2,\t \tbaz=3", " foo=1,bar=2,baz=3\t"):
        yield from continued(forward, *with_state(line), tracestate=["foo=1", "bar=2", "baz=3"])


@condition
def tracestate_key_characters(forward):
    """key: illegal characters"""
    for member in ("foo =1", "FOO=1", "foo.bar=1", "foo\t=1"):
        yield from continued(forward, *with_state(f"{member},bar=2"), tracestate=[])


@condition
def tracestate_key_at(forward):
    """key: an at sign is a character like others, but not the first"""
    yield from continued(forward, *with_state("@foo=1,bar=2"), tracestate=[])
    for member in ("foo@=1", "foo@@bar=1", "foo@bar@baz=1"):
        yield from continued(forward, *with_state(f"{member},bar=2"), tracestate=[member, "bar=2"])


@condition
def tracestate_count(forward):
    """32 members, not 33"""
    members = [f"bar{n:02}={n:02}" for n in range(33)]
    yield from continued(forward, *with_state(",".join(members[:32])), tracestate=members[:32])
    yield from continued(forward, *with_state(",".join(members)), tracestate=[])
    yield from continued(forward, *with_state(*members[:32]), tracestate=members[:32])
    yield from continued(forward, *with_state(*members), tracestate=[])


@condition
def tracestate_key_length(forward):
    """key: 256 characters, not 257"""
    for key in ("z" * 256, f"{'t' * 241}@{'v' * 14}", f"{'t' * 242}@v", f"t@{'v' * 15}"):
        yield from continued(forward, *with_state(f"foo=1,{key}=1"), tracestate=["foo=1", f"{key}=1"])
    yield from continued(forward, *with_state(f"foo=1,{'z' * 257}=1"), tracestate=[])


@condition
def tracestate_value_characters(forward):
    """value: illegal characters, or none"""
    for member in ("foo=bar=baz", "foo=", "foo=b\tr"):
        yield from continued(forward, *with_state(f"{member},bar=3"), tracestate=[])


def several(forward, *headers):
    sent = calls(forward, *headers, number=3)
    yield from (each.problem for each in sent if each.problem)
    if len({each.trace for each in sent}) != 1:
        yield f"several traces: {[each.trace for each in sent]}"
    if len({each.parent for each in sent} | {PARENT}) != 4:
        yield f"the same parent: {[each.parent for each in sent]}"
    yield from (f"went on with {TRACE}" for each in sent if (each.trace == TRACE) != (("traceparent", VALID) in headers))


@condition
def several_of_a_trace(forward):
    """several calls of one request: one trace, a parent each"""
    yield from several(forward, ("traceparent", VALID))


@condition
def several_of_no_trace(forward):
    """several calls of a request without context"""
    yield from several(forward)


@condition
def several_of_a_bad_trace(forward):
    """several calls of a request with an invalid traceparent"""
    yield from several(forward, ("traceparent", f"00-{TRACE}-{PARENT}-"))


@condition
def random_flag(forward):
    """the random flag is sent on, and the sampled flag with it"""
    for flags in range(4):
        (sent,) = calls(forward, ("traceparent", f"00-{TRACE}-{PARENT}-{flags:02x}"))
        if sent.trace != TRACE or sent.flags != flags:
            yield f"flags {flags:02x}: sent {sent.trace} with {sent.flags:02x}"


def check(results):
    with Forward() as forward:
        for each in CONDITIONS:
            results.none(each.__doc__, each(forward))


if __name__ == "__main__":
    run_check(NAME, check)
