"""Assertions that are counted: one line each, and a failed one ends nothing."""

import os
import sys
import traceback

SHOWN = 400  # characters of a value in a line


def _short(value):
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


class Results:
    def __init__(self, name, path=None):
        self.name = name
        self.path = path
        self.passed = 0
        self.failed = 0

    def _write(self, line):
        print(line, flush=True)
        if self.path:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(line + "\n")

    def check(self, condition, what, expected=True, got=None):
        """`got` defaults to the condition itself."""
        if condition:
            self.passed += 1
            self._write(f"ok {self.name}: {what}")
        else:
            self.failed += 1
            got = condition if got is None else got
            self._write(f"FAIL {self.name}: {what}, expected {_short(expected)}, got {_short(got)}")
        return bool(condition)

    def equal(self, what, expected, got):
        return self.check(expected == got, what, expected, repr(got))

    def same_counts(self, what, expected, got):
        """Compares two dictionaries; shows the keys that differ."""
        keys = [key for key in {**expected, **got} if expected.get(key) != got.get(key)]
        differing = [{key: counts.get(key) for key in keys} for counts in (expected, got)]
        return self.check(not keys, what, differing[0], repr(differing[1]))

    def within(self, what, low, high, got):
        shown = f"between {low} and {high}"
        return self.check(got is not None and low <= got <= high, what, shown, repr(got))

    def none(self, what, offenders):
        """Passes if `offenders` is empty; shows how many there are, and the first few."""
        offenders = list(offenders)
        return self.check(not offenders, what, "none", f"{len(offenders)}: {offenders[:5]!r}")


def run_check(name, check):
    """Runs `check(results)` as the whole program; an exception is one failure."""
    results = Results(name, os.environ.get("E2E_RESULTS"))
    try:
        check(results)
    except Exception as error:  # noqa: BLE001 - the boundary of the program
        traceback.print_exc()
        results.check(False, "the check runs to its end", "no exception", repr(error))
    sys.exit(1 if results.failed else 0)
