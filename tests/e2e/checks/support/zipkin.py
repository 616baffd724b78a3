"""Zipkin: spans in its own JSON (version 2), and traces read back.

<https://zipkin.io/zipkin-api/>
"""

import json
import os

from support.wait import poll
from support.web import request

ZIPKIN = os.environ.get("E2E_ZIPKIN", "")
VISIBLE_SECONDS = 20


def of_otlp(span):
    """Zipkin has no OTLP: a span as an exporter of ours would send it."""
    converted = {
        "traceId": span.trace_id,
        "id": span.span_id,
        "name": span.name,
        "timestamp": span.start_ns // 1000,
        "duration": max(1, (span.end_ns - span.start_ns) // 1000),
        "localEndpoint": {"serviceName": span.resource.get("service.name", "")},
        "tags": {key: str(value) for key, value in span.attributes.items()},
    }
    if span.parent_id:
        converted["parentId"] = span.parent_id
    if span.kind in ("client", "server"):
        converted["kind"] = span.kind.upper()
    return converted


def post(spans):
    """The status; 202 where Zipkin takes them."""
    headers = {"Content-Type": "application/json"}
    return request(f"{ZIPKIN}/api/v2/spans", "POST", headers=headers, body=json.dumps(spans).encode()).status


def trace(trace_id, spans):
    """The spans of a trace, once there are `spans` of them or time is up."""

    def found():
        answer = request(f"{ZIPKIN}/api/v2/trace/{trace_id}")
        return answer.json() if answer.status == 200 else []

    poll(VISIBLE_SECONDS, lambda: len(found()) >= spans)
    return found()
