"""The program under test, as a process."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time

REQUESTS = int(os.environ.get("E2E_REQUESTS", "2000"))
CONCURRENCY = int(os.environ.get("E2E_CONCURRENCY", "8"))
SERVICE = "e2e-shop"

START_SECONDS = 30
LOAD_SECONDS = 300
STOP_SECONDS = 30


class Quickstart:
    """Runs the load; `with` it, so that it ends with the check."""

    def __init__(self, *, pause=0.0, hold=False, environment=None):
        """`pause`: of each customer after each order, in seconds."""
        work = os.environ["E2E_WORK"]
        self.report_path = os.path.join(work, "report.json")
        self._log = open(os.path.join(work, "quickstart.log"), "a", encoding="utf-8")
        command = [os.environ["E2E_QUICKSTART"], "--requests", str(REQUESTS)]
        command += ["--concurrency", str(CONCURRENCY), "--report", self.report_path]
        command += ["--pause", str(round(1000 * pause))]
        command += ["--hold"] if hold else []
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        self.began_ns = time.time_ns()
        self.process = subprocess.Popen(
            command,
            env={**inherited, "OTEL_SERVICE_NAME": SERVICE, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put((time.time(), line.rstrip("\n")))
        self._lines.put(None)

    def wait_for_line(self, start, seconds):
        """The line that begins with `start`, and when it came."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                entry = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"the quickstart printed no line {start!r} in {seconds} s") from None
            if entry is None:
                raise EOFError(f"the quickstart ended without a line {start!r}")
            when, line = entry
            self._log.write(line + "\n")
            if line.startswith(start):
                return when, line

    def wait_for_metrics_url(self):
        when, line = self.wait_for_line("metrics: ", START_SECONDS)
        return when, line.removeprefix("metrics: ").strip()

    def wait_for_done(self):
        when, _ = self.wait_for_line("done", LOAD_SECONDS)
        return when

    def exit_status(self):
        """Closes standard input, which ends `--hold`, and waits for the exit."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        return self.process.wait(STOP_SECONDS)

    def __enter__(self):
        # Python does not unwind on this signal by itself.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._log.close()
