"""Kitex in Go and us in Rust, calling each other over gRPC."""

import math
import os
import re
import time

from support import promql
from support.buckets import bucket_of, exact_quantile, seen_around
from support.documented import queries
from support.echo import KitexClient, KitexServer, RustClient, RustServer
from support.echo_trace import FAIL, SAY, check_run
from support.jaeger import whole_trace
from support.results import run_check
from support.samples import counts, scrape
from support.wait import poll

NAME = "kitex"
CALLS = 40  # every tenth fails
LOAD = 400
SCRAPED_SECONDS = 30  # Prometheus looks for new targets every few seconds

KITEX, RUST = "kitex-echo", "rust-echo"
KITEX_CALLER, RUST_CALLER = "kitex-caller", "rust-caller"

# Where Kitex' suite has the context, unless it is told otherwise; and where everybody else has it.
IN_METAINFO, PLAIN = "kitex-otel,kitex", "tracecontext,baggage,kitex"


class Four:
    """A client and a server in each language."""

    def __init__(self, plain):
        rust_server, rust_client, kitex_server, kitex_client = os.environ["E2E_METRICS_ADDRS"].split()
        propagators = PLAIN if plain else IN_METAINFO
        self.pages = {RUST: rust_server, RUST_CALLER: rust_client, KITEX: kitex_server, KITEX_CALLER: kitex_client}
        self._starts = [
            lambda: KitexServer(KITEX, kitex_server, plain),
            lambda: RustServer(RUST, propagators, rust_server),
            lambda: RustClient(RUST_CALLER, KITEX, self._running[0].address, propagators, rust_client),
            lambda: KitexClient(KITEX_CALLER, RUST, self._running[1].address, kitex_client, plain),
        ]
        self._running = []

    def __enter__(self):
        try:
            for start in self._starts:
                self._running.append(start().__enter__())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for program in reversed(self._running):
            program.__exit__()

    @property
    def clients(self):
        """(client, the names of its and the server's services)"""
        _, _, rust, kitex = self._running
        return [(rust, (RUST_CALLER, KITEX)), (kitex, (KITEX_CALLER, RUST))]

    def samples(self, name):
        return scrape(self.pages[name])


def check_traces(results, four, where):
    for client, names in four.clients:
        run = client.run(CALLS)
        what = f"{names[0]} to {names[1]}, context {where}"
        results.equal(f"{what}: calls", (CALLS - CALLS // 10, CALLS // 10), (run.succeeded, run.failed))
        spans = whole_trace(run.trace_id, 1 + 2 * CALLS)
        check_run(results, what, run.trace_id, spans, run, names)


def check_counts(results, four):
    """Both sides have counted the same, and what was called."""
    labels = ("caller", "callee", "method", "status", "retry")
    failed = CALLS // 10
    for _, (caller, callee) in four.clients:
        what = f"{caller} to {callee}"
        sent = counts(four.samples(caller), "kitex_client_throughput", *labels)
        served = counts(four.samples(callee), "kitex_server_throughput", *labels)
        expected = {
            (caller, callee, "Say", "succeed", "0"): CALLS - failed,
            (caller, callee, "Fail", "error", "0"): failed,
        }
        results.same_counts(f"{what}: kitex_client_throughput", expected, sent)
        results.same_counts(f"{what}: kitex_server_throughput", expected, served)

    ours = {
        "client": counts(four.samples(RUST_CALLER), "rpc_client_call_duration_seconds_count", "rpc_method"),
        "server": counts(four.samples(RUST), "rpc_server_call_duration_seconds_count", "rpc_method"),
    }
    theirs = {
        "client": counts(four.samples(KITEX), "kitex_server_throughput", "method"),
        "server": counts(four.samples(KITEX_CALLER), "kitex_client_throughput", "method"),
    }
    for side, counted in ours.items():
        of_method = {(f"echo.Echo/{method}",): number for (method,), number in theirs[side].items()}
        results.same_counts(f"rpc_{side}_call_duration_seconds_count is what Kitex has counted", of_method, counted)
        results.equal(f"rpc_{side}_call_duration_seconds_count: methods", {(SAY,), (FAIL,)}, set(counted))


def scraped(calls):
    """When Prometheus has seen this many calls of every client at every server."""
    found = [
        value
        for side in ("client", "server")
        for _, value in promql.query(f"sum by (caller, callee) (kitex_{side}_throughput)")
    ]
    return found == [calls] * 4


def by(labels, found):
    return {tuple(series[label] for label in labels): value for series, value in found}


def wait_for_scrape():
    """Of each page, one that began after now."""
    now = time.time()
    if not poll(SCRAPED_SECONDS, lambda: (promql.scalar("min(timestamp(up))") or 0) > now):
        raise TimeoutError(f"Prometheus has not scraped in {SCRAPED_SECONDS} s")


def check_queries(results, four):
    """The queries of the documentation, over a window that holds the load and nothing else."""
    # As many before the window: where a series begins within it, Prometheus extrapolates each bucket differently.
    for client, _ in four.clients:
        client.run(LOAD)
    if not results.check(poll(SCRAPED_SECONDS, lambda: scraped(CALLS + LOAD)), "Prometheus has the four pages"):
        return
    wait_for_scrape()
    began = time.time()
    wait_for_scrape()
    runs = {names: client.run(LOAD) for client, names in four.clients}
    for _ in range(3):
        wait_for_scrape()
    window = math.ceil(time.time() - began)
    in_window = (re.sub(r"\[\d+m\]", f"[{window}s]", query) for query in queries("Queries"))
    throughput, ratio, ratio_or_zero, client_p99, server_p99 = in_window
    callees = [KITEX, RUST]

    found = by(("callee", "method"), promql.query(throughput))
    results.equal("throughput: series", {(callee, "Say") for callee in callees}, set(found))
    succeeded = LOAD - LOAD // 10
    for key, rate in sorted(found.items()):
        # Prometheus extrapolates to the ends of the window, by at most 1.1 intervals each.
        series = f'kitex_client_throughput{{callee="{key[0]}",method="{key[1]}"}}[{window}s]'
        samples = max((len(samples) for _, samples in promql.query(series)), default=0)
        most = 1 + 2.2 / max(1, samples - 1)
        results.within(f"throughput of {key} is the load's", succeeded * 0.999, succeeded * most, rate * window)

    found = by(("callee", "method"), promql.query(ratio))
    results.equal("error ratio of what failed", {(callee, "Fail"): 1.0 for callee in callees}, found)
    found = by(("callee", "method"), promql.query(ratio_or_zero))
    expected = {(callee, method): share for callee in callees for method, share in (("Say", 0.0), ("Fail", 1.0))}
    results.equal("error ratio of everything", expected, found)

    pairs = {(*names, "Say") for names in runs}
    computed = by(("caller", "callee", "method"), promql.query(client_p99))
    results.equal("client p99: series", pairs, set(computed))
    check_p99(results, runs[RUST_CALLER, KITEX], computed.get((RUST_CALLER, KITEX, "Say")))
    computed = by(("caller", "callee", "method"), promql.query(server_p99))
    results.equal("server p99: series", pairs, set(computed))
    slow = {key: value for key, value in computed.items() if not 0 < value <= 1e6}
    results.none("server p99 lies in a bucket", slow)


def check_p99(results, run, computed):
    series = f'kitex_client_latency_us_bucket{{caller="{RUST_CALLER}",method="Say"}}'
    bounds = sorted(float(labels["le"]) for labels, _ in promql.query(series) if labels["le"] != "+Inf")
    measured = exact_quantile(sorted(each / 1000 for each in run.nanoseconds), 0.99)
    low, high = bucket_of(bounds, computed or 0.0)
    # Less than to the next bucket: a task may wait where four processes share two processors.
    most = seen_around(high / 1e6, more=0.25) * 1e6
    results.within("client p99 lies in the bucket of the measured one", low, most, measured)


def check(results):
    with Four(plain=False) as four:
        check_traces(results, four, "in metainfo")
        check_counts(results, four)
        check_queries(results, four)
    with Four(plain=True) as four:
        check_traces(results, four, "in metadata")


if __name__ == "__main__":
    run_check(NAME, check)
