"""What must hold for the traces of the shop, wherever they are read back."""

from collections import defaultdict

LOCATION = ("code.function.name", "code.file.path", "code.line.number")


def by_trace(spans):
    traces = defaultdict(list)
    for span in spans:
        traces[span.trace_id].append(span)
    return dict(traces)


class Trace:
    def __init__(self, spans):
        self.spans = spans
        self.by_id = {span.span_id: span for span in spans}
        self.roots = [span for span in spans if not span.parent_id]

    def parent(self, span):
        return self.by_id.get(span.parent_id)

    def named(self, name):
        return [span for span in self.spans if span.name == name]

    def descends(self, span, ancestor):
        """Whether `ancestor` is above `span`; bounded, since parents may form a ring."""
        for _ in self.spans:
            span = self.parent(span)
            if span is None:
                return False
            if span is ancestor:
                return True
        return False

    def describe(self, problem):
        return f"{self.spans[0].trace_id}: {problem}"


def broken(trace):
    """Why the trace is not whole."""
    if len(trace.by_id) != len(trace.spans):
        yield trace.describe("a span id occurs twice")
    if len(trace.roots) != 1:
        yield trace.describe(f"{len(trace.roots)} roots")
    for span in trace.spans:
        if span.parent_id and trace.parent(span) is None:
            yield trace.describe(f"{span.name}: parent {span.parent_id} is missing")
        elif span.parent_id and not trace.descends(span, trace.roots[0] if trace.roots else None):
            yield trace.describe(f"{span.name} does not lead to the root")


def wrong_roots(trace):
    for root in trace.roots:
        if (root.name, root.kind) != ("buy", "client"):
            yield trace.describe(f"root is {root.name} ({root.kind})")


def wrong_hops(trace):
    """Of the spans that are there: each server is called by the client that it should be.

    `buy` (client) -HTTP-> `create_order` (server) -> `reserve` (client) -gRPC-> a
    server in the stock service. A failed request may end before a hop.
    """
    for span in trace.spans:
        if span.kind != "server":
            continue
        parent = trace.parent(span)
        wanted = "buy" if span.name == "create_order" else "reserve"
        if parent is None or (parent.name, parent.kind) != (wanted, "client"):
            found = f"{parent.name} ({parent.kind})" if parent else "nobody"
            yield trace.describe(f"server {span.name} is called by {found} instead of {wanted} (client)")
    for name, kind in (("create_order", "server"), ("reserve", "client")):
        for span in trace.named(name):
            if span.kind != kind:
                yield trace.describe(f"{name} is {span.kind} instead of {kind}")
    fronts = trace.named("create_order")
    for name in ("reserve", "charge"):
        for span in trace.named(name):
            if not any(trace.descends(span, front) for front in fronts):
                yield trace.describe(f"{name} is not below create_order")


def missing_hops(trace):
    """Of a request that succeeded: every hop is there once."""
    servers = [span.name for span in trace.spans if span.kind == "server"]
    for name in ("create_order", "reserve", "charge"):
        if len(trace.named(name)) != 1:
            yield trace.describe(f"{len(trace.named(name))} spans {name}")
    if len(servers) != 2:
        yield trace.describe(f"servers are {servers}, not create_order and one of the stock service")


def wrong_times(trace):
    """Nothing starts before its caller: all of them have one clock."""
    for span in trace.spans:
        if span.end_ns < span.start_ns:
            yield trace.describe(f"{span.name} ends before it starts")
        parent = trace.parent(span)
        if parent and span.start_ns < parent.start_ns:
            yield trace.describe(f"{span.name} starts {parent.start_ns - span.start_ns} ns before {parent.name}")


def unlocated(trace):
    for span in trace.spans:
        for key in LOCATION:
            if not span.attributes.get(key):
                yield trace.describe(f"{span.name} has no {key}")
        if not isinstance(span.attributes.get("code.line.number", 0), int):
            yield trace.describe(f"{span.name}: code.line.number is no number")


def wrong_attributes(trace):
    """What the shop's code says about its calls is there, with its type."""
    orders = {span.attributes.get("order") for span in trace.spans if span.name in ("create_order", "charge")}
    if not all(isinstance(order, int) for order in orders) or len(orders) > 1:
        yield trace.describe(f"orders are {orders}, not one number")
    for name, key, allowed in (
        ("create_order", "service", ("front",)),
        ("reserve_stock", "service", ("stock",)),
        ("ask_bank", "line", ("first", "second")),
    ):
        for span in trace.named(name):
            if span.attributes.get(key) not in allowed:
                yield trace.describe(f"{name} has {key} {span.attributes.get(key)!r}, not one of {allowed}")


def wrong_errors(trace):
    """An error says what it is, and nothing else looks like one.

    The messages of panics and cancellations are not recorded; a status says it all,
    and the conventions want no description of it.
    """
    for span in trace.spans:
        kind = span.attributes.get("error.type")
        if span.status == "error":
            if not kind:
                yield trace.describe(f"{span.name} has status error and no error.type")
            elif not (span.message or kind in ("panic", "cancelled") or kind.isdigit()):
                yield trace.describe(f"{span.name} has error.type {kind} and no message")
        elif span.message:
            yield trace.describe(f"{span.name} has a message with status {span.status}")


def unfailed(trace):
    """Of a request that failed: a span says so."""
    if not any(span.status == "error" or span.attributes.get("error.type") for span in trace.spans):
        yield trace.describe("no span of a failed request says that it failed")


def all_of(rule, traces):
    return [problem for trace in traces for problem in rule(trace)]
