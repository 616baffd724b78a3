"""What the OpenTelemetry Collector has written."""

import os

from support import otlp

FILES = os.environ.get("E2E_COLLECTOR_FILES", "")


def received(file):
    """The documents in a file of the Collector; it may still be writing the last one."""
    path = os.path.join(FILES, file)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as lines:
        text = lines.read()
    return list(otlp.documents(text[: text.rfind("\n") + 1]))


def all_spans():
    return [span for document in received("traces.jsonl") for span in otlp.spans(document)]


def all_log_records():
    return [record for document in received("logs.jsonl") for record in otlp.log_records(document)]
