"""The shop's metrics, as a real Prometheus scrapes and computes them."""

import math
import os
import time

from support import exposition, promql
from support.buckets import bucket_of, exact_quantile, seen_around
from support.collector import all_spans
from support.quickstart import CONCURRENCY, REQUESTS, Quickstart
from support.report import check_report, read_report
from support.results import run_check
from support.wait import poll

NAME = "prometheus"
LOAD_SECONDS = 10  # a rate needs several scrapes; the customers' pauses alone make it this long
TARGET_SECONDS = 30  # Prometheus looks for new targets every few seconds
SCRAPE_SECONDS = 15
WRITTEN_SECONDS = 20
SCRAPE_INTERVAL = 1.0

CALLS = 'function_calls_total{function="buy"}'


def newest_scrape():
    """When the newest sample of the program was taken."""
    return promql.scalar('timestamp(function_calls_in_flight{function="buy"})') or 0.0


def wait_for_scrapes(number):
    """Waits for scrapes that began after now; gives the time of the last one."""
    scrape = time.time()
    for _ in range(number):
        if not poll(SCRAPE_SECONDS, lambda since=scrape: newest_scrape() > since):
            raise TimeoutError(f"Prometheus has not scraped the quickstart in {SCRAPE_SECONDS} s")
        scrape = newest_scrape()
    return scrape


def check_counts(results, report):
    poll(SCRAPE_SECONDS, lambda: not promql.query("function_calls_in_flight != 0"))
    results.none("nothing is in flight at the end", promql.query("function_calls_in_flight != 0"))
    results.check(promql.query("function_calls_in_flight"), "function_calls_in_flight is there", "series", "none")
    counted = {
        (labels["function"], labels["outcome"]): int(value)
        for labels, value in promql.query("sum by (function, outcome) (function_calls_total)")
        if value
    }
    results.same_counts(
        "function_calls_total are the calls that the program counted", report.outcomes_counted(), counted
    )
    results.equal("calls of `buy` are the requests", report.requests, promql.scalar(f"sum({CALLS})"))
    different = promql.query(
        "sum by (function, module) (function_calls_total)"
        " != on (function, module) function_calls_duration_seconds_count"
    )
    results.none("the histogram's count is the sum of the outcomes", different)
    histograms = {labels["function"] for labels, _ in promql.query("function_calls_duration_seconds_count")}
    results.equal("every function has a histogram", {function for function, _ in counted}, histograms)
    modules = [labels for labels, _ in promql.query('function_calls_total{module=""}')]
    results.none("every series has a module", modules)


def check_own_series(results):
    names = {labels["__name__"] for labels, _ in promql.query('{__name__=~"tracer_.+"}')}
    results.check(names, "tracer_* series about ourselves", "some", "none")
    names = {labels["__name__"] for labels, _ in promql.query('{__name__=~"process_.+"}')}
    results.check("process_cpu_seconds_total" in names, "process_* series", "process_cpu_seconds_total", sorted(names))


def check_increase(results, report, scrape):
    """`rate` over a window that holds the whole load gives back its calls.

    rate x window is the increase, which Prometheus extrapolates from the first
    and last sample to the window's ends, by at most 1.1 sample intervals each
    (promql/functions.go, extrapolatedRate): it is at most
    (1 + 2.2 x interval / sampled) times the true one. Calls before the first
    sample of a series are not in it.
    """
    samples = [values for _, values in promql.query(f"{CALLS}[10m]", scrape)]
    if not results.check(samples and min(map(len, samples)) > 2, "`buy` was scraped often", "> 2", samples):
        return
    low, high = 0.0, 0.0
    for values in samples:
        increase = values[-1][1] - values[0][1]
        sampled = values[-1][0] - values[0][0]
        interval = sampled / (len(values) - 1)
        low += increase
        high += increase * (1 + 2.2 * interval / sampled)
    window = math.ceil(scrape - min(values[0][0] for values in samples)) + 1
    rate = promql.scalar(f"sum(rate({CALLS}[{window}s]))", scrape)
    results.within("rate x window is the increase", low * 0.999, high * 1.001, rate * window)
    # A series begins with its first call, hence at most an interval's calls (it
    # jitters: two intervals') are in no increase.
    missing = report.requests - low
    results.within("rate sees the calls of the load", 0, 2 * SCRAPE_INTERVAL * report.requests / LOAD_SECONDS, missing)


def check_rate(results, report, began, done):
    """During the load, `rate` is the load's rate.

    The window lies within the load, less than a scrape interval away from each of
    its ends; the load is even, by the pauses, but for its first moments (connections,
    warming up), and other programs take their share of the machine, so a quarter is
    allowed. Extrapolation adds nothing there: the load goes on beyond the window's
    samples.
    """
    mean = report.requests / (done - began)
    window = math.floor(done - began) - 1
    if not results.check(window >= 4, "the load lasts long enough for a rate", ">= 5 s", done - began):
        return
    rate = promql.scalar(f"sum(rate({CALLS}[{window}s]))", done)
    results.within("rate during the load is the load generator's", 0.75 * mean, 1.25 * mean, rate)
    print(f"   {report.requests} requests in {done - began:.2f} s, {mean:.0f}/s; rate by Prometheus {rate:.0f}/s")


def check_quantiles(results, report):
    exact = sorted(duration / 1e9 for duration in report.durations_ns)
    series = 'function_calls_duration_seconds_bucket{function="buy"}'
    bounds = sorted(
        float(labels["le"]) for labels, _ in promql.query(f"sum by (le) ({series})") if labels["le"] != "+Inf"
    )
    for q in (0.5, 0.99):
        computed = promql.scalar(f"histogram_quantile({q}, sum by (le) ({series}))")
        measured = exact_quantile(exact, q)
        low, high = bucket_of(bounds, computed)
        # The load generator never sees less than the call itself; at a bound the
        # little that it sees more may lead into the next bucket.
        results.check(
            low <= measured <= seen_around(high),
            f"p{q * 100:g} of the load generator lies in the bucket of histogram_quantile",
            f"within ({low}, {high}]",
            measured,
        )
        results.check(math.isfinite(high), f"p{q * 100:g} lies in a finite bucket", "finite", computed)


def check_exemplars(results, began):
    """Each names a span that the Collector has, of the function and as long as it says; most traces were discarded."""
    found = promql.exemplars("function_calls_duration_seconds_bucket", began - 60, time.time() + 60)
    named = {(labels["trace_id"], labels["span_id"]): (series, value) for series, labels, value in found}
    results.check(named, "Prometheus has exemplars", "some", "none")
    spans = {}

    def all_are_there():
        spans.update({(span.trace_id, span.span_id): span for span in all_spans()})
        return named.keys() <= spans.keys()

    poll(WRITTEN_SECONDS, all_are_there)
    results.none("exemplars name spans that were exported", named.keys() - spans.keys())
    traces = len({trace for trace, _ in spans})
    results.within("most traces were discarded", 1, REQUESTS // 2, traces)
    known = {ids: (spans[ids], *named[ids]) for ids in named if ids in spans}
    others = [ids for ids, (span, series, _) in known.items() if span.name != series["function"]]
    results.none("exemplars name spans of their function", others)
    lasted = {ids: ((span.end_ns - span.start_ns) / 1e9, value) for ids, (span, _, value) in known.items()}
    # A span lasts whole nanoseconds.
    results.none("exemplars say how long their spans lasted", [p for p in lasted.values() if abs(p[0] - p[1]) > 2e-9])
    print(f"   {len(named)} exemplars name {len({trace for trace, _ in named})} of {traces} traces")


def check_scraped(results, shop, address):
    began, url = shop.wait_for_metrics_url()
    results.equal("QUICKSTART_METRICS_ADDR is used", f"http://{address}/metrics", url)
    done = shop.wait_for_done()
    report = read_report(shop.report_path)
    check_report(results, report, REQUESTS)

    exposition.check_text(results, url)
    exposition.check_openmetrics(results, url)
    exposition.check_encodings(results, url)
    exposition.check_methods(results, url)

    scrape = wait_for_scrapes(3)
    check_counts(results, report)
    check_own_series(results)
    check_increase(results, report, scrape)
    check_rate(results, report, began, done)
    check_quantiles(results, report)
    check_exemplars(results, began)
    errors = [target["lastError"] for target in promql.active_targets() if target["lastError"]]
    results.none("Prometheus reports no scrape error", errors)


def check(results):
    address = os.environ["E2E_METRICS_ADDRS"]
    targets = poll(TARGET_SECONDS, promql.active_targets)
    results.check(targets, "Prometheus has the target before the load runs", "a target", "none")
    environment = {
        "QUICKSTART_METRICS_ADDR": address,
        "OTEL_EXPORTER_OTLP_ENDPOINT": os.environ["E2E_OTLP_GRPC"],
        # One in ten, and those that fail.
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": "0.1",
    }
    pause = LOAD_SECONDS * CONCURRENCY / REQUESTS
    with Quickstart(pause=pause, hold=True, environment=environment) as shop:
        check_scraped(results, shop, address)
        results.equal("closing standard input ends the quickstart with 0", 0, shop.exit_status())


if __name__ == "__main__":
    run_check(NAME, check)
