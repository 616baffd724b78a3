"""A browser's request through three services, two protocols and two languages."""

import secrets

from support import traces
from support.echo import KitexServer, RustServer, free_address
from support.echo_trace import service
from support.http1 import send
from support.jaeger import whole_trace
from support.results import run_check

NAME = "three_services"
REQUESTS = 20
BAGGAGE = {"tenant": "acme", "region": "eu-1"}

FRONT, STOCK, KITEX = "front", "stock", "kitex-echo"

# (service, span, kind) from the outside in.
CHAIN = [
    (FRONT, "GET /orders/{item}", "server"),
    (FRONT, "order", "internal"),
    (FRONT, "shop.Stock/Reserve", "client"),
    (STOCK, "shop.Stock/Reserve", "server"),
    (STOCK, "echo.Echo/Say", "client"),
    (KITEX, "echo.Echo/Say", "server"),
]


def get(front, item, sampled=True):
    """What a page does that is itself traced; (trace id, span id, answer)."""
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    headers = [
        ("User-Agent", " Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        ("Accept", " */*"),
        ("Accept-Language", " en-US,en;q=0.5"),
        ("Sec-Fetch-Mode", " cors"),
        ("traceparent", f" 00-{trace_id}-{span_id}-{'01' if sampled else '00'}"),
        ("baggage", " " + ", ".join(f"{key}={value}" for key, value in BAGGAGE.items())),
    ]
    return trace_id, span_id, send(front.address, f"GET /orders/{item}", headers)


def wrong_chain(spans, span_id):
    """The spans hang below each other, the first one below the browser's."""
    found = [(service(span), span.name, span.kind) for span in spans]
    if sorted(found) != sorted(CHAIN):
        yield f"spans are {found}"
        return
    for link in CHAIN:
        span = next(each for each in spans if (service(each), each.name, each.kind) == link)
        if span.parent_id != span_id:
            yield f"{link} is not below the one before"
        span_id = span.span_id


def check_request(results, front, n):
    trace_id, span_id, (status, head, body) = get(front, f"teapot-{n}")
    what = f"request {n}"
    results.equal(f"{what}: the answer came back through all", (200, f"teapot-{n}"), (status, body.decode()))
    spans = whole_trace(trace_id, len(CHAIN))
    results.none(f"{what}: one trace, each span below the one before", wrong_chain(spans, span_id))
    named = [value.split("-")[1:2] for value in head.values("traceresponse")]
    results.equal(f"{what}: traceresponse names the trace", [[trace_id]], named)
    return spans


def check_attributes(results, spans):
    """Of all requests together: what each of the protocols and languages says."""

    def said(name, kind, key):
        return {span.attributes.get(key) for span in spans if service(span) == name and span.kind == kind}

    results.equal("the front speaks HTTP", {"/orders/{item}"}, said(FRONT, "server", "http.route"))
    results.equal("the stock service speaks gRPC", {"grpc"}, said(STOCK, "server", "rpc.system.name"))
    results.equal("the last one is Kitex", {"kitex"}, said(KITEX, "server", "rpc.system"))
    results.equal("baggage in the second service", {BAGGAGE["tenant"]}, said(STOCK, "server", "baggage.tenant"))
    for key, value in BAGGAGE.items():
        results.equal(f"baggage in the last service: {key}", {value}, said(KITEX, "server", f"baggage.{key}"))
    results.none("none of them failed", [span for span in spans if span.status == "error"])
    late = traces.all_of(traces.wrong_times, map(traces.Trace, traces.by_trace(spans).values()))
    results.none("no span starts before its parent", late)


def check_unsampled(results, front):
    """Kitex records whatever it is told: its span shows what has arrived."""
    trace_id, span_id, (status, _, _) = get(front, "kettle", sampled=False)
    results.equal("unsampled: status", 200, status)
    spans = whole_trace(trace_id, 1)
    results.equal("unsampled: only Kitex has recorded", [KITEX], [service(span) for span in spans])
    wrong = [span for span in spans if span.parent_id in ("", span_id)]
    results.none("unsampled: its parent is the service before it", wrong)


def check(results):
    with (
        KitexServer(KITEX, free_address()) as kitex,
        RustServer(STOCK, "tracecontext,baggage,kitex-otel", command=("stock", KITEX, kitex.address)) as stock,
        RustServer(FRONT, "tracecontext,baggage", command=("front", stock.address)) as front,
    ):
        spans = [span for n in range(REQUESTS) for span in check_request(results, front, n)]
        check_attributes(results, spans)
        check_unsampled(results, front)


if __name__ == "__main__":
    run_check(NAME, check)
