"""Waiting for something, by asking for it until a deadline."""

import time

INTERVAL = 0.05


def poll(seconds, probe):
    """The first true answer of `probe`, or its last answer when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer or time.monotonic() >= deadline:
            return answer
        time.sleep(INTERVAL)
