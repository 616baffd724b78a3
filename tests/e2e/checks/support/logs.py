"""Log lines of `tracing-subscriber` with the ids of a span, as JSON and as text."""

import json
import re
from dataclasses import dataclass

# The ids come first, then the time, the level and what is said.
TEXT = re.compile(r"trace_id=(\w{32}) span_id=(\w{16}) trace_flags=(\w\w) \S+Z +([A-Z]+) (.*)")


@dataclass(frozen=True)
class Line:
    trace_id: str
    span_id: str
    sampled: bool
    level: str
    text: str


def from_json(lines):
    for line in lines:
        if line.startswith("{"):
            said = json.loads(line)
            yield Line(
                said.get("trace_id", ""),
                said.get("span_id", ""),
                said.get("trace_flags") == "01",
                said["level"],
                said.get("message") or said.get("error") or "",
            )


def from_text(lines):
    """Only of lines inside of traces."""
    for line in lines:
        found = TEXT.match(line)
        if found:
            trace_id, span_id, flags, level, text = found.groups()
            yield Line(trace_id, span_id, flags == "01", level, text)
