"""A service as people have it: axum, sqlx, redis, `#[instrument]`, the API of OpenTelemetry; one tree, each span once."""

import os
from collections import Counter

from support import logs, traces, tree
from support.citizen import DATABASE, LEFT, PLACED, REFUSED, Citizen
from support.collector import all_log_records, all_spans
from support.jaeger import whole_trace
from support.results import run_check
from support.wait import poll

NAME = "citizen"
ORDERS = 20
WRITTEN_SECONDS = 20

# What older conventions called it, and what the drivers do.
OLD_NAMES = {"db.statement", "db.system", "db.operation", "db.name", "rows_returned", "db.redis.database_index"}

# Crates that nothing but the exporter uses here.
EXPORTING = {"h2", "hyper", "hyper_util", "tonic", "tower"}


def check_tree(results, what, expected, spans):
    shown = tree.render(spans)
    results.check(shown == expected, f"{what}: one tree, everybody's spans in their places", expected, shown)
    results.none(f"{what}: nothing starts before its parent", traces.wrong_times(traces.Trace(spans)))


def wrong_databases(spans):
    for span in spans:
        for key, value in DATABASE.get(span.name, {}).items():
            if span.attributes.get(key) != value:
                yield f"{span.name}: {key} is {span.attributes.get(key)!r}"
        for attributes in [span.attributes, *(attributes for _, attributes in span.events)]:
            for key in OLD_NAMES.intersection(attributes):
                yield f"{span.name}: {key}"


def named(spans, name):
    """The one span of this name."""
    found = [span for span in spans if span.name == name]
    if len(found) != 1:
        raise ValueError(f"{len(found)} spans are called {name}")
    return found[0]


def check_statement(results, what, span):
    """`sqlx` tells of its statements by events."""
    found = [attributes for name, attributes in span.events if name == "sqlx::query"]
    texts = [attributes.get("db.query.text") for attributes in found]
    results.equal(f"{what}: the driver's own event is in its span", [span.attributes["db.query.text"]], texts)


def check_failure(results, spans):
    insert, reserve, place = (named(spans, name) for name in ("INSERT orders", "reserve", "place"))
    results.equal("refused: the database's code", "23505", insert.attributes.get("db.response.status_code"))
    results.none(
        "refused: every error says what it is",
        [span.name for span in (insert, reserve, place) if "duplicate key value" not in span.message],
    )
    for span in (insert, reserve, place):
        told = [name for name, _ in span.events if name == "exception"]
        results.equal(f"refused: {span.name} tells of its error once", ["exception"], told)


def check_lines(results, what, found, wanted):
    """`wanted`: (span, level, a part of the text) of each line, in order; no span outside of a trace."""
    ids = [(line.trace_id, line.span_id, line.sampled, line.level) for line in found]
    expected = [(span.trace_id, span.span_id, True, level) if span else ("", "", False, level) for span, level, _ in wanted]
    results.equal(f"{what}: the lines have the ids of the spans in Jaeger", expected, ids)
    texts = [line.text for line in found]
    results.check(
        all(part in text for (_, _, part), text in zip(wanted, texts)), f"{what}: the lines say what was logged", got=texts
    )


def check_logs(results, service, placed, refused, left):
    wanted = [
        (named(placed, "reserve"), "INFO", "reserving"),
        (named(placed, "place"), "INFO", "order placed"),
        (named(refused, "reserve"), "INFO", "reserving"),
        (named(refused, "reserve"), "ERROR", "duplicate key value"),
        (named(left, "wait"), "INFO", "waiting"),
    ]
    check_lines(results, "JSON", list(logs.from_json(service.lines)), [(None, "INFO", "ready"), *wanted])
    check_lines(results, "text", list(logs.from_text(service.texts())), wanted)


def check_in_jaeger(results):
    with Citizen("citizen-jaeger", os.environ["E2E_OTLP_GRPC"]) as service:
        answers = [service.place(7), service.place(7)]
        results.equal("the second order of the same number is refused", [200, 409], [status for _, status in answers])
        ids = [trace_id for trace_id, _ in answers] + [service.leave()]
        found = [
            whole_trace(trace_id, expected.count("\n") + 1)
            for trace_id, expected in zip(ids, (PLACED, REFUSED, LEFT))
        ]
        results.equal("the service exits with 0", 0, service.exit_status())

    for what, expected, spans in zip(("placed", "refused", "left"), (PLACED, REFUSED, LEFT), found):
        check_tree(results, what, expected, spans)
        results.none(f"{what}: databases are told of by the conventions", wrong_databases(spans))
    placed, refused, left = found
    check_statement(results, "placed", named(placed, "INSERT orders"))
    check_statement(results, "refused", named(refused, "INSERT orders"))
    price = named(placed, "price")
    results.equal("the API's span has its scope", "pricing", price.attributes.get("otel.scope.name"))
    results.equal("the API's span has its event", [("found", {"price": 180})], price.events)
    check_failure(results, refused)
    check_logs(results, service, placed, refused, left)


def check_once(results):
    """Two logs, our layer at every level, the global provider of OpenTelemetry's API and OTLP, all at once."""
    log_records = {"OTEL_LOGS_EXPORTER": "otlp"}
    with Citizen("citizen-collector", os.environ["E2E_COLLECTOR_GRPC"], log_records) as service:
        expected = {service.leave(): LEFT}
        # An export has been made, and with it all that its own crates say.
        results.check(poll(WRITTEN_SECONDS, all_spans), "all layers: spans are sent while it runs")
        for order in range(1000, 1000 + ORDERS):
            expected[service.place(order)[0]] = PLACED
            expected[service.place(order)[0]] = REFUSED
        results.equal("all layers: the service exits with 0", 0, service.exit_status())

    logical = Counter()
    for shown in expected.values():
        logical.update(line.strip() for line in shown.splitlines())
    poll(WRITTEN_SECONDS, lambda: len(all_spans()) >= logical.total())
    spans = all_spans()
    found = Counter(tree.line(span) for span in spans)
    results.same_counts("all layers: each logical span is once in the Collector's file, and nothing else", logical, found)
    ids = Counter((span.trace_id, span.span_id) for span in spans)
    results.none("all layers: every span id is there once", [key for key, times in ids.items() if times != 1])
    shown = {trace_id: tree.render(of_trace) for trace_id, of_trace in traces.by_trace(spans).items()}
    results.same_counts("all layers: each request is its tree", expected, shown)
    check_log_records(results, spans)


def check_log_records(results, spans):
    """Every event that a span has is a log record with its ids, and so is what happened outside of the traces."""
    wanted = Counter()
    for span in spans:
        for name, attributes in span.events:
            if "target" in attributes:
                said = attributes.get("exception.message", name)
                wanted[span.trace_id, span.span_id, attributes["level"], attributes["target"], said] += 1
    poll(WRITTEN_SECONDS, lambda: len(all_log_records()) >= wanted.total())
    records = all_log_records()
    found = Counter()
    for record in records:
        target = record.attributes.get("otel.scope.name")
        if record.trace_id:
            found[record.trace_id, record.span_id, record.severity, target, record.body or target] += 1
    results.check(wanted, "log records: the spans have events")
    results.same_counts("log records: each event of a span is one, with the span's ids", wanted, found)
    outside = [record.body for record in records if not record.trace_id]
    results.check("ready" in outside, "log records: what happens outside of traces is one without ids", got=outside[:5])
    own = [record for record in records if str(record.attributes.get("otel.scope.name")).split("::")[0] in EXPORTING]
    results.none("log records: none of what the exporter's crates say", own)


def check(results):
    check_in_jaeger(results)
    check_once(results)


if __name__ == "__main__":
    run_check(NAME, check)
