"""A program that a check runs: it prints lines, and ends when its standard input is closed."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time

START_SECONDS = 30
STOP_SECONDS = 30


class Program:
    """`with` it, so that it ends with the check. No `OTEL_*` of ours reaches it."""

    def __init__(self, name, command, environment=None):
        self.name = name
        self._log = open(os.path.join(os.environ["E2E_WORK"], f"{name}.log"), "a", encoding="utf-8")
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        self.began_ns = time.time_ns()
        self.process = subprocess.Popen(
            command,
            env={**inherited, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.lines = []  # all that were read
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put((time.time(), line.rstrip("\n")))
        self._lines.put(None)

    def wait_for_line(self, start, seconds=START_SECONDS):
        """The line that begins with `start`, and when it came."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                entry = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"{self.name} printed no line {start!r} in {seconds} s") from None
            if entry is None:
                raise EOFError(f"{self.name} ended without a line {start!r}")
            when, line = entry
            self._took(line)
            if line.startswith(start):
                return when, line

    def _took(self, line):
        self.lines.append(line)
        self._log.write(line + "\n")

    def value_of(self, start, seconds=START_SECONDS):
        """What follows `start` in its line."""
        return self.wait_for_line(start, seconds)[1].removeprefix(start).strip()

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def exit_status(self):
        """Closes standard input and waits for the exit; `lines` are all then."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        status = self.process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        while not self._lines.empty():
            entry = self._lines.get()
            if entry:
                self._took(entry[1])
        return status

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
