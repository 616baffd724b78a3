"""What the program under test counted itself, with plain counters."""

import json
from collections import Counter
from dataclasses import dataclass

OUTCOMES = ("ok", "error", "panic", "cancelled")


@dataclass
class Report:
    requests: int
    outcomes: dict  # outcome -> requests
    durations_ns: list  # of the requests, around `buy`
    functions: dict  # function -> outcome -> calls
    failed_traces: list  # trace ids of some of the requests that failed

    def calls(self, function):
        return sum(self.functions[function].values())

    def outcomes_counted(self):
        """(function, outcome) -> calls, without the zeros."""
        counted = Counter()
        for function, outcomes in self.functions.items():
            for outcome, calls in outcomes.items():
                if calls:
                    counted[function, outcome] += calls
        return dict(counted)


def read_report(path):
    with open(path, encoding="utf-8") as file:
        raw = json.load(file)
    return Report(**{field: raw[field] for field in Report.__dataclass_fields__})


def check_report(results, report, requests):
    """The report agrees with itself, else nothing can be compared with it."""
    results.equal("report: all requests were made", requests, report.requests)
    results.equal("report: every request has an outcome", requests, sum(report.outcomes.values()))
    results.equal("report: every request has a duration", requests, len(report.durations_ns))
    results.equal("report: `buy` was called once a request", requests, report.calls("buy"))
    results.none(
        "report: outcomes are known ones",
        {outcome for counts in report.functions.values() for outcome in counts} - set(OUTCOMES),
    )
    seen = {outcome for _, outcome in report.outcomes_counted()}
    results.equal("report: the load has every outcome", set(OUTCOMES), seen)
    results.check(report.failed_traces, "report: names traces of failed requests", "at least one", "none")
