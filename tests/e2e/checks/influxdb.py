"""A tracer of a user that writes every call to InfluxDB, and what happens to the calls when there is none."""

import os
import re
import signal
import subprocess
from dataclasses import dataclass

from support.echo import free_address
from support.program import Program
from support.results import run_check
from support.wait import poll
from support.web import request

NAME = "influxdb"
CALLS = 5000
FEW = 1500  # two or three requests, each of which lasts until its timeout
MANY = 100_000
WRITE_TIMEOUT_MS = 5000
START_SECONDS = 30
RUN_SECONDS = 120

CONFIG = """
reporting-disabled = true
bind-address = "{rpc}"
[meta]
dir = "{directory}/meta"
[data]
dir = "{directory}/data"
wal-dir = "{directory}/wal"
[monitor]
store-enabled = false
[http]
bind-address = "{http}"
log-enabled = false
"""


class InfluxDb(Program):
    def __init__(self):
        directory = os.path.join(os.environ["E2E_WORK"], "influxdb")
        os.makedirs(directory, exist_ok=True)
        address = free_address()
        path = os.path.join(directory, "influxdb.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(directory=directory, http=address, rpc=free_address()))
        self.url = f"http://{address}"
        super().__init__("influxd", ["influxd", "run", "-config", path])
        if not poll(START_SECONDS, self.answers):
            raise TimeoutError("InfluxDB does not answer")

    def answers(self):
        try:
            return request(f"{self.url}/ping").status == 204
        except OSError:
            return False

    def query(self, statement):
        """[(tags, values by column)] of the series that the statement finds."""
        answer = request(f"{self.url}/query", "POST", query={"db": "rpc", "q": statement}).json()
        (result,) = answer["results"]
        if "error" in result:
            raise ValueError(f"{statement}: {result['error']}")
        return [
            (each.get("tags", {}), dict(zip(each["columns"], row)))
            for each in result.get("series", [])
            for row in each["values"]
        ]

    def stop(self):
        self.process.terminate()
        self.process.wait(START_SECONDS)


@dataclass
class Run:
    status: int
    written: int
    failed: int
    dropped: int
    milliseconds: int  # that the calls took, without the writing


def run_calls(url, calls):
    done = subprocess.run(
        [os.environ["E2E_INFLUX_TRACER"], str(calls)],
        env={**os.environ, "INFLUX_URL": url},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    said = re.search(
        rf"^{calls} calls in (\d+) ms: (\d+) lines written, (\d+) failed, (\d+) dropped$", done.stdout, re.MULTILINE
    )
    if not said:
        raise ValueError(f"the program said {(done.stdout + done.stderr)[-500:]!r}")
    spent, *lines = map(int, said.groups())
    return Run(done.returncode, *lines, spent)


def check_written(results, influx):
    influx.query("CREATE DATABASE rpc")
    run = run_calls(influx.url, CALLS)
    results.equal("InfluxDB there: exit status", 0, run.status)
    results.equal("InfluxDB there: every line is written", (CALLS, 0, 0), (run.written, run.failed, run.dropped))
    ((_, row),) = influx.query("SELECT count(duration_us) AS calls, sum(received) AS bytes FROM rpc")
    results.equal("InfluxDB has a point for every call", CALLS, row["calls"])
    results.equal("InfluxDB has the bytes of every call", sum(range(CALLS)), row["bytes"])
    series = influx.query("SELECT count(duration_us) FROM rpc GROUP BY method, caller, outcome")
    expected = [{"method": "shop.Stock/reserve", "caller": "front", "outcome": "ok"}]
    results.equal("InfluxDB has the tags of the calls", expected, [tags for tags, _ in series])


def check_suspended(results, influx):
    """It takes connections and answers nothing: a write lasts until its timeout."""
    influx.process.send_signal(signal.SIGSTOP)
    try:
        run = run_calls(influx.url, FEW)
    finally:
        influx.process.send_signal(signal.SIGCONT)
    results.equal("InfluxDB suspended: exit status", 0, run.status)
    results.equal("InfluxDB suspended: every line has failed", (0, FEW, 0), (run.written, run.failed, run.dropped))
    results.within("InfluxDB suspended: the calls did not wait, ms", 0, WRITE_TIMEOUT_MS / 2, run.milliseconds)


def check_stopped(results, influx):
    """More calls than the queue has room for."""
    influx.stop()
    run = run_calls(influx.url, MANY)
    results.equal("InfluxDB stopped: exit status", 0, run.status)
    results.equal("InfluxDB stopped: nothing is written", 0, run.written)
    results.equal("InfluxDB stopped: every line is counted", MANY, run.failed + run.dropped)


def check(results):
    with InfluxDb() as influx:
        check_written(results, influx)
        check_suspended(results, influx)
        check_stopped(results, influx)


if __name__ == "__main__":
    run_check(NAME, check)
