"""The shop's spans and metrics, as the OpenTelemetry Collector received them."""

import os
import time
from collections import Counter, defaultdict

from support import otlp, traces
from support.buckets import Exponential, exact_quantile, misplaced, seen_around
from support.collector import all_spans, received
from support.quickstart import REQUESTS, SERVICE, Quickstart
from support.report import check_report, read_report
from support.results import run_check
from support.wait import poll

NAME = "collector"
WRITTEN_SECONDS = 20
RESOURCE = {"deployment.environment.name": "e2e"}

# The recorder's clock counts ticks; a duration in nanoseconds is rounded, so one
# this near to a bound may be counted on its other side.
BOUND_SLACK_NS = 2


def all_metrics():
    """Name -> its exports, in the order of time."""
    found = defaultdict(list)
    for document in received("metrics.jsonl"):
        for metric in otlp.metrics(document):
            found[metric.name.replace(".", "_")].append(metric)
    return found


def run_shop(results):
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": os.environ["E2E_OTLP_GRPC"],
        "OTEL_RESOURCE_ATTRIBUTES": ",".join(f"{key}={value}" for key, value in RESOURCE.items()),
    }
    with Quickstart(environment=environment) as shop:
        shop.wait_for_done()
        results.equal("the quickstart exits with 0", 0, shop.exit_status())
        return read_report(shop.report_path), (shop.began_ns, time.time_ns())


def check_spans(results, spans, report, lifetime):
    ids = Counter((span.trace_id, span.span_id) for span in spans)
    results.none("every span id occurs once", [key for key, times in ids.items() if times != 1])
    found = [traces.Trace(each) for each in traces.by_trace(spans).values()]
    results.equal("one trace a request", REQUESTS, len(found))
    results.none("traces are whole: one root, every parent there", traces.all_of(traces.broken, found))
    first, last = lifetime
    outside = [span.name for span in spans if not first <= span.start_ns <= span.end_ns <= last]
    results.none("spans lie within the life of the process", outside)

    calls = {function: sum(outcomes.values()) for function, outcomes in report.functions.items()}
    calls = {function: number for function, number in calls.items() if number}
    results.same_counts("spans by name are the calls by function", calls, dict(Counter(span.name for span in spans)))

    errors = Counter(span.name for span in spans if span.status == "error")
    for function, outcomes in sorted(report.functions.items()):
        failed = outcomes.get("error", 0) + outcomes.get("panic", 0)
        # Whether a cancelled call is an error is a matter of taste; all or none are.
        allowed = {failed, failed + outcomes.get("cancelled", 0)}
        results.check(
            errors[function] in allowed,
            f"{function}: spans with status error are the failed calls",
            allowed,
            errors[function],
        )


def check_origin(results, exports):
    """Resource and scope; `exports` are spans or metrics."""
    resources = [export.resource for export in exports]
    results.none(
        "resource: service.name is OTEL_SERVICE_NAME",
        {str(each.get("service.name")) for each in resources} - {SERVICE},
    )
    for key in ("telemetry.sdk.name", "telemetry.sdk.language", "telemetry.sdk.version"):
        results.check(all(each.get(key) for each in resources), f"resource: {key} is there")
    for key, value in RESOURCE.items():
        results.none(
            f"resource: {key} is as in OTEL_RESOURCE_ATTRIBUTES",
            {str(each.get(key)) for each in resources} - {value},
        )
    results.check(all(export.scope for export in exports), "the scope has a name")


def series(exports):
    """Attributes -> points of one metric, in the order of time."""
    found = defaultdict(list)
    for metric in exports:
        for point in metric.points:
            key = tuple(sorted(otlp.attributes(point.get("attributes")).items()))
            found[key].append(point)
    return found


def newest(exports):
    """(attributes, newest point) for each series."""
    for key, points in series(exports).items():
        yield dict(key), max(points, key=lambda point: int(point.get("timeUnixNano", 0)))


def decreasing(exports, value):
    for key, points in series(exports).items():
        ordered = sorted(points, key=lambda point: int(point.get("timeUnixNano", 0)))
        values = [value(point) for point in ordered]
        if values != sorted(values):
            yield dict(key), values
        if len({point.get("startTimeUnixNano") for point in ordered}) != 1:
            yield dict(key), "start time changes"


def check_calls(results, exports, report):
    results.equal("function_calls is a monotonic sum", {("sum", True)}, {(m.type, m.monotonic) for m in exports})
    results.equal("function_calls is cumulative", {otlp.CUMULATIVE}, {m.temporality for m in exports})
    results.none("function_calls never decreases", decreasing(exports, otlp.number))
    counted = Counter()
    for labels, point in newest(exports):
        counted[labels.get("function"), labels.get("outcome")] += otlp.number(point)
    counted = {key: number for key, number in counted.items() if number}
    results.same_counts("function_calls are the calls that the program counted", report.outcomes_counted(), counted)


def check_in_flight(results, exports):
    busy = [(labels, otlp.number(point)) for labels, point in newest(exports) if otlp.number(point)]
    results.none("nothing is in flight at the end", busy)


def check_durations(results, exports, report, spans):
    results.equal("durations are exponential histograms", {"exponentialHistogram"}, {m.type for m in exports})
    results.equal("durations are cumulative", {otlp.CUMULATIVE}, {m.temporality for m in exports})
    results.equal("durations are in seconds", {"s"}, {m.unit for m in exports})
    results.none("counts of durations never decrease", decreasing(exports, lambda point: int(point.get("count", 0))))

    spent = defaultdict(list)
    for span in spans:
        spent[span.name].append((span.end_ns - span.start_ns) / 1e9)
    found = {labels.get("function"): Exponential.of(point) for labels, point in newest(exports)}
    results.equal(
        "every function has a histogram",
        sorted(function for function in report.functions if report.calls(function)),
        sorted(function or "" for function, histogram in found.items() if histogram.count),
    )
    for function, histogram in sorted(found.items()):
        if histogram.count and function in report.functions:
            check_histogram(results, function, histogram, report.calls(function), spent[function])
    check_exemplars(results, exports, spans)
    if "buy" in found:
        check_against_load(results, found["buy"], report)


def check_exemplars(results, exports, spans):
    by_ids = {(span.trace_id, span.span_id): span for span in spans}
    named, wrong = set(), []
    for labels, point in newest(exports):
        for exemplar in point.get("exemplars", []):
            ids = otlp.identifier(exemplar.get("traceId"), 32), otlp.identifier(exemplar.get("spanId"), 16)
            span = by_ids.get(ids)
            named.add(labels.get("function"))
            same = span and span.name == labels.get("function")
            lasted = (span.end_ns - span.start_ns) / 1e9 if same else 0
            ended = abs(span.end_ns - int(exemplar["timeUnixNano"])) if same else 0
            if not same or abs(lasted - exemplar["asDouble"]) > BOUND_SLACK_NS / 1e9 or ended > 1e6:
                wrong.append((labels, exemplar))
    results.equal("every function has exemplars", {span.name for span in spans}, named)
    results.none("exemplars are spans that were exported: their function, duration and end", wrong)


def check_histogram(results, function, histogram, calls, durations):
    what = f"{function}: histogram"
    results.equal(f"{what} counts the calls", calls, histogram.count)
    results.equal(f"{what}'s buckets sum to the count", histogram.count, histogram.total())
    results.equal(f"{what} has nothing negative", 0, histogram.negative)
    results.within(f"{what} has a scale within the data model", -10, 20, histogram.scale)
    if not histogram.buckets:
        return
    low, high = histogram.span()
    if histogram.minimum is not None and histogram.maximum is not None:
        results.check(
            low <= histogram.minimum <= histogram.maximum <= high,
            f"{what}'s min and max lie in its buckets",
            f"within ({low}, {high}]",
            f"{histogram.minimum} to {histogram.maximum}",
        )
    least, most = histogram.sum_bounds()
    results.within(f"{what}'s sum is possible with its buckets", least * (1 - 1e-9), most * (1 + 1e-9), histogram.sum)
    # Every call has a span here, so the buckets can be filled again from these.
    slack = BOUND_SLACK_NS / 1e9
    results.equal(f"{what}'s buckets are those of the spans' durations", 0, misplaced(histogram, durations, slack))
    results.within(
        f"{what}'s sum is that of the spans' durations",
        sum(durations) - len(durations) * slack,
        sum(durations) + len(durations) * slack,
        histogram.sum,
    )


def check_against_load(results, histogram, report):
    exact = sorted(duration / 1e9 for duration in report.durations_ns)
    for q in (0.5, 0.99):
        low, high = histogram.quantile_bucket(q)
        measured = exact_quantile(exact, q)
        results.check(
            low <= measured <= seen_around(high),
            f"buy: p{q * 100:g} of the load generator lies in the histogram's bucket",
            f"within ({low}, {high}]",
            measured,
        )


def check(results):
    report, lifetime = run_shop(results)
    check_report(results, report, REQUESTS)
    wanted = sum(map(report.calls, report.functions))
    poll(WRITTEN_SECONDS, lambda: len(all_spans()) >= wanted and received("metrics.jsonl"))

    spans = all_spans()
    check_spans(results, spans, report, lifetime)
    check_origin(results, spans)

    metrics = all_metrics()
    check_origin(results, [metric for exports in metrics.values() for metric in exports])
    for name in ("function_calls", "function_calls_duration", "function_calls_in_flight"):
        results.check(name in metrics, f"the metric {name} is there", name, sorted(metrics))
    check_calls(results, metrics["function_calls"], report)
    check_in_flight(results, metrics["function_calls_in_flight"])
    check_durations(results, metrics["function_calls_duration"], report, spans)


if __name__ == "__main__":
    run_check(NAME, check)
