"""B3 in both directions and both styles, and the traces as Zipkin gives them back.

The check is a caller and a callee that Zipkin knows: it sends B3, receives what we
send on, and writes its own spans. Ours come by OTLP through the Collector.
"""

import os
import secrets
import time

from support import b3, otlp, zipkin
from support.forward import Forward
from support.results import run_check
from support.wait import poll

NAME = "zipkin"
SERVICE = "forward"
RECEIVED_SECONDS = 20
FILE = os.path.join(os.environ.get("E2E_COLLECTOR_FILES", ""), "traces.jsonl")

# Trace ids of 128 and of 64 bits; the decision is made, left to us, or made for debugging.
CALLERS = [(digits, state) for digits in (32, 16) for state in ("1", "", "d")]


def now_us():
    return time.time_ns() // 1000


def own_span(context, kind, name, began, parent=None):
    """A span of the check, as a tracer of Zipkin writes it."""
    return {
        "traceId": context.trace_id,
        "id": context.span_id,
        **({"parentId": parent} if parent else {}),
        "kind": kind,
        "name": name,
        "timestamp": began,
        "duration": max(1, now_us() - began),
        "localEndpoint": {"serviceName": name},
    }


def received():
    """Trace id, without leading zeros -> the spans that the Collector has received."""
    if not os.path.exists(FILE):
        return {}
    with open(FILE, encoding="utf-8") as lines:
        text = lines.read()
    found = {}
    for document in otlp.documents(text[: text.rfind("\n") + 1]):
        for span in otlp.spans(document):
            found.setdefault(span.trace_id.lstrip("0"), []).append(span)
    return found


def call(results, forward, what, styles, caller):
    """One request from `caller`; its spans on both ends, None if the context did not arrive."""
    theirs, ours = styles
    began = now_us()
    (head,) = forward.calls(b3.headers(theirs, caller))
    sent = b3.found(ours, head)
    if not results.check(sent, f"{what}: sent on in our style alone", ours, head.headers):
        return None
    results.equal(f"{what}: the trace goes on, its id as long as it was", caller.trace_id, sent.trace_id)
    results.check(
        sent.span_id != caller.span_id, f"{what}: the parent is a span of ours", "another id", sent.span_id
    )
    results.equal(f"{what}: the decision", caller.state or "1", sent.state)
    served = b3.Context(sent.trace_id, secrets.token_hex(8), sent.state)
    return [
        own_span(caller, "CLIENT", "caller", began),
        own_span(served, "SERVER", "callee", began, parent=sent.span_id),
    ]


def check_read_back(results, what, ends, spans):
    """Zipkin has one trace: caller, our server, our client, callee, each below the one before."""
    results.equal(f"{what}: our spans", ["client", "server"], sorted(span.kind for span in spans))
    results.equal(f"{what}: Zipkin takes the spans", 202, zipkin.post([*ends, *map(zipkin.of_otlp, spans)]))
    found = zipkin.trace(ends[0]["traceId"], 4)
    by_parent = {span.get("parentId", ""): span for span in found}
    chain, above = [], ""
    while (span := by_parent.pop(above, None)) is not None:
        chain.append((span["localEndpoint"]["serviceName"], span["kind"]))
        above = span["id"]
    expected = [("caller", "CLIENT"), (SERVICE, "SERVER"), (SERVICE, "CLIENT"), ("callee", "SERVER")]
    results.equal(f"{what}: read back from Zipkin, each span below the one before", expected, chain)
    results.equal(f"{what}: read back from Zipkin, spans of the trace", 4, len(found))


def check_unsampled(results, forward, what, styles):
    """Passed on, and not recorded; gives the trace id."""
    theirs, ours = styles
    caller = b3.Context(secrets.token_hex(16), secrets.token_hex(8), "0")
    (head,) = forward.calls(b3.headers(theirs, caller))
    sent = b3.found(ours, head)
    said = (sent.trace_id, sent.state) if sent else None
    results.equal(f"{what}, unsampled: passed on as that", (caller.trace_id, "0"), said)
    return caller.trace_id


def check(results):
    calls, unsampled = [], []
    for ours in (b3.SINGLE, b3.MULTI):
        environment = {
            "OTEL_SERVICE_NAME": SERVICE,
            "OTEL_PROPAGATORS": ours,
            "OTEL_EXPORTER_OTLP_ENDPOINT": os.environ["E2E_OTLP_GRPC"],
        }
        with Forward(environment) as forward:
            for theirs in (b3.SINGLE, b3.MULTI):
                for digits, state in CALLERS:
                    caller = b3.Context("a" + secrets.token_hex(digits // 2)[1:], secrets.token_hex(8), state)
                    what = f"{theirs} in, {ours} out, {4 * digits} bits, state {state or 'none'}"
                    ends = call(results, forward, what, (theirs, ours), caller)
                    calls += [(what, ends)] if ends else []
                unsampled.append(check_unsampled(results, forward, f"{theirs} in, {ours} out", (theirs, ours)))
            results.equal(f"{ours} out: exit status", 0, forward.exit_status())

    def all_received():
        found = received()
        return all(len(found.get(ends[0]["traceId"].lstrip("0"), [])) >= 2 for _, ends in calls)

    poll(RECEIVED_SECONDS, all_received)
    spans = received()
    for what, ends in calls:
        check_read_back(results, what, ends, spans.get(ends[0]["traceId"], []))
    results.none("nothing of unsampled traces is exported", set(unsampled) & set(spans))


if __name__ == "__main__":
    run_check(NAME, check)
