"""Traces as Jaeger gives them back."""

import os

from support import otlp
from support.wait import poll
from support.web import request

JAEGER = os.environ.get("E2E_JAEGER", "")
VISIBLE_SECONDS = 20


def spans_of(response):
    """The v3 API wraps OTLP into `result`, in one or several documents."""
    for document in otlp.documents(response.body.decode()):
        yield from otlp.spans(document.get("result", {}))


def spans_by_id(trace_id):
    return list(spans_of(request(f"{JAEGER}/api/v3/traces/{trace_id}")))


def whole_trace(trace_id, spans):
    """The spans of a trace, once there are `spans` of them or time is up."""

    def found():
        answer = request(f"{JAEGER}/api/v3/traces/{trace_id}")
        return list(spans_of(answer)) if answer.status == 200 else []

    poll(VISIBLE_SECONDS, lambda: len(found()) >= spans)
    return found()
