"""The shop's traces, as Jaeger gives them back over HTTP."""

import os
import time
from collections import Counter
from datetime import datetime, timedelta, timezone

from support import traces
from support.jaeger import JAEGER, VISIBLE_SECONDS, spans_by_id, spans_of
from support.quickstart import REQUESTS, SERVICE, Quickstart
from support.report import check_report, read_report
from support.results import run_check
from support.wait import poll
from support.web import request

NAME = "jaeger"
SAMPLE = 50


def search(limit):
    """All traces of the service of the last hour, by id."""
    now = datetime.now(timezone.utc)
    query = {
        "query.service_name": SERVICE,
        "query.start_time_min": (now - timedelta(hours=1)).isoformat(),
        "query.start_time_max": (now + timedelta(minutes=1)).isoformat(),
        "query.num_traces": limit,
    }
    response = request(f"{JAEGER}/api/v3/traces", query=query)
    return traces.by_trace(spans_of(response)) if response.status == 200 else {}


def run_shop(results):
    with Quickstart(environment={"OTEL_EXPORTER_OTLP_ENDPOINT": os.environ["E2E_OTLP_GRPC"]}) as shop:
        shop.wait_for_done()
        results.equal("the quickstart exits with 0", 0, shop.exit_status())
        return read_report(shop.report_path)


def check_lists(results, found):
    services = request(f"{JAEGER}/api/services").json()["data"]
    results.equal("the service is named by OTEL_SERVICE_NAME", [SERVICE], services)
    operations = request(f"{JAEGER}/api/services/{SERVICE}/operations").json()["data"]
    names = {span.name for spans in found.values() for span in spans}
    results.equal("operations are the names of the spans", sorted(names), sorted(set(operations)))


def check_all(results, whole):
    """Rules that hold for every trace, failed or not."""
    results.none("traces are whole: one root, every parent there", traces.all_of(traces.broken, whole))
    results.none("the root is `buy`, a client", traces.all_of(traces.wrong_roots, whole))
    results.none("HTTP and gRPC hops have the right parents and kinds", traces.all_of(traces.wrong_hops, whole))
    results.none("no span starts before its parent", traces.all_of(traces.wrong_times, whole))
    results.none("spans have code.function.name, .file.path, .line.number", traces.all_of(traces.unlocated, whole))
    results.none("what the code recorded is there", traces.all_of(traces.wrong_attributes, whole))
    results.none("errors have error.type and message, others none", traces.all_of(traces.wrong_errors, whole))


def check_failures(results, found, report):
    failed = [traces.Trace(found[trace_id]) for trace_id in report.failed_traces if trace_id in found]
    results.equal("every trace in `failed_traces` is there", len(report.failed_traces), len(failed))
    results.none("failed traces say what failed", traces.all_of(traces.unfailed, failed))
    roots = Counter(span.status for trace in found.values() for span in trace if not span.parent_id)
    # Whether a cancelled client call is an error is a matter of taste; all or none are.
    errors = report.outcomes["error"] + report.outcomes["panic"]
    allowed = {errors, errors + report.outcomes["cancelled"]}
    results.check(roots["error"] in allowed, "roots with status error are the failed requests", allowed, roots["error"])


def check_successes(results, found):
    succeeded = [
        trace
        for trace in map(traces.Trace, found.values())
        if not any(span.status == "error" or span.attributes.get("error.type") for span in trace.spans)
    ]
    results.check(succeeded, "there are traces without failure", "some", "none")
    results.none("successful requests have every hop", traces.all_of(traces.missing_hops, succeeded))


def check_by_id(results, found, report):
    """A trace asked for by its id is the one of the search."""
    sample = list(dict.fromkeys(sorted(found)[:SAMPLE] + report.failed_traces))
    different = []
    for trace_id in sample:
        spans = spans_by_id(trace_id)
        if {span.span_id for span in spans} != {span.span_id for span in found.get(trace_id, [])}:
            different.append(trace_id)
    results.none(f"{len(sample)} traces by id are those of the search", different)


def check_legacy_api(results, found, report):
    """What Jaeger's own pages show of a failed span."""
    failing = next(
        (
            span
            for trace_id in report.failed_traces
            for span in found.get(trace_id, [])
            if span.status == "error" and span.message
        ),
        None,
    )
    if not results.check(failing, "a failed trace has a span with a message", "one", "none"):
        return
    answer = request(f"{JAEGER}/api/traces/{failing.trace_id}").json()
    shown = next(each for each in answer["data"][0]["spans"] if each["spanID"] == failing.span_id)
    tags = {tag["key"]: tag["value"] for tag in shown["tags"]}
    results.equal("the tag `error` is set", True, tags.get("error"))
    results.equal("the message is otel.status_description", failing.message, tags.get("otel.status_description"))
    results.equal("error.type is a tag", failing.attributes.get("error.type"), tags.get("error.type"))
    results.equal("span.kind is a tag", failing.kind, tags.get("span.kind", "internal"))
    parents = [each["spanID"] for each in shown["references"] if each["refType"] == "CHILD_OF"]
    results.equal("the parent is a reference", [failing.parent_id] if failing.parent_id else [], parents)


def check(results):
    began = time.monotonic()
    report = run_shop(results)
    check_report(results, report, REQUESTS)
    poll(VISIBLE_SECONDS, lambda: len(search(REQUESTS + 1)) >= REQUESTS)
    found = search(2 * REQUESTS + 100)
    results.equal("one trace a request", REQUESTS, len(found))
    if not found:
        return
    check_lists(results, found)
    check_all(results, [traces.Trace(spans) for spans in found.values()])
    check_successes(results, found)
    check_failures(results, found, report)
    check_by_id(results, found, report)
    check_legacy_api(results, found, report)
    print(f"   {sum(map(len, found.values()))} spans in {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    run_check(NAME, check)
