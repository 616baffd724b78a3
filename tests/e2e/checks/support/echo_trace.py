"""What must hold for the trace of a client's run of echo calls, whoever is in which language."""

from support import traces

SAY, FAIL = "echo.Echo/Say", "echo.Echo/Fail"


def service(span):
    return span.resource.get("service.name")


def wrong_calls(trace, caller, callee):
    """Each call: a client span of the caller below the run, and one server span of the callee below it."""
    servers = [span for span in trace.spans if span.kind == "server"]
    for span in servers:
        parent = trace.parent(span)
        if service(span) != callee:
            yield f"{span.name} is served by {service(span)}"
        if parent is None or (parent.kind, service(parent)) != ("client", caller):
            yield f"{span.name} of {callee} is not below a client span of {caller}"
        elif parent.name != span.name:
            yield f"{parent.name} is answered by {span.name}"
    parents = [span.parent_id for span in servers]
    for span in trace.spans:
        if span.kind == "client":
            if span.parent_id != trace.roots[0].span_id:
                yield f"{span.name} of {caller} is not below the run"
            if parents.count(span.span_id) != 1:
                yield f"{span.name} of {caller} has {parents.count(span.span_id)} server spans"


def check_run(results, what, trace_id, spans, run, names):
    """`names`: of the caller's and the callee's service."""
    calls = run.succeeded + run.failed
    results.equal(f"{what}: the spans of both are in one trace", 1 + 2 * calls, len(spans))
    trace = traces.Trace(spans)
    results.none(f"{what}: one root, every parent there", traces.broken(trace))
    results.equal(f"{what}: the root is the caller's", [(names[0], "run")], [(service(r), r.name) for r in trace.roots])
    if len(trace.roots) == 1:
        results.none(f"{what}: each call has a span on each side, under each other", wrong_calls(trace, *names))
    for kind in ("client", "server"):
        found = [span for span in spans if span.kind == kind]
        failed = sum(span.status == "error" for span in found)
        results.equal(f"{what}: {kind} spans with status error are the failed calls", run.failed, failed)
        named = sum(span.name == SAY for span in found)
        results.equal(f"{what}: {kind} spans by name", run.succeeded, named)
    tenants = {span.attributes.get("baggage.tenant") for span in spans if span.kind == "server" and span.name == SAY}
    results.equal(f"{what}: baggage arrives", {"acme"}, tenants)
    results.equal(f"{what}: every span has the run's trace id", {trace_id}, {span.trace_id for span in spans})
