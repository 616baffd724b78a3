"""The quickstart example, as a program under test."""

import os

from support.program import START_SECONDS, Program

REQUESTS = int(os.environ.get("E2E_REQUESTS", "2000"))
CONCURRENCY = int(os.environ.get("E2E_CONCURRENCY", "8"))
SERVICE = "e2e-shop"

LOAD_SECONDS = 300


class Quickstart(Program):
    """Runs the load."""

    def __init__(self, *, pause=0.0, hold=False, environment=None):
        """`pause`: of each customer after each order, in seconds."""
        self.report_path = os.path.join(os.environ["E2E_WORK"], "report.json")
        command = [os.environ["E2E_QUICKSTART"], "--requests", str(REQUESTS)]
        command += ["--concurrency", str(CONCURRENCY), "--report", self.report_path]
        command += ["--pause", str(round(1000 * pause))]
        command += ["--hold"] if hold else []
        super().__init__("quickstart", command, {"OTEL_SERVICE_NAME": SERVICE, **(environment or {})})

    def wait_for_metrics_url(self):
        when, line = self.wait_for_line("metrics: ", START_SECONDS)
        return when, line.removeprefix("metrics: ").strip()

    def wait_for_done(self):
        when, _ = self.wait_for_line("done", LOAD_SECONDS)
        return when
