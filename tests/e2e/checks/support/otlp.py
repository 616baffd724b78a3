"""OTLP in JSON, as the Collector writes it and as Jaeger's v3 API answers it."""

import base64
import json
from dataclasses import dataclass, field

KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"]
STATUSES = ["unset", "ok", "error"]
CUMULATIVE = "cumulative"
TEMPORALITIES = ["unspecified", "delta", CUMULATIVE]


@dataclass
class Span:
    trace_id: str
    span_id: str
    parent_id: str  # empty: a root
    name: str
    kind: str
    start_ns: int
    end_ns: int
    status: str
    message: str
    attributes: dict
    resource: dict = field(repr=False)
    scope: str = field(repr=False)
    events: list = field(default_factory=list, repr=False)  # (name, attributes)

    @property
    def function(self):
        """The last segment of the path of the function that it is a call of."""
        return str(self.attributes.get("code.function.name", "")).rpartition("::")[2]


def documents(text):
    """The JSON documents of `text`, one after the other with or without newlines."""
    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            return
        document, at = decoder.raw_decode(text, at)
        yield document


def value(raw):
    """An `AnyValue`."""
    if "stringValue" in raw:
        return raw["stringValue"]
    if "intValue" in raw:
        return int(raw["intValue"])
    if "doubleValue" in raw:
        return float(raw["doubleValue"])
    if "boolValue" in raw:
        return raw["boolValue"]
    if "arrayValue" in raw:
        return [value(each) for each in raw["arrayValue"].get("values", [])]
    return None


def attributes(raw):
    return {each["key"]: value(each.get("value", {})) for each in raw or []}


def _enum(names, raw, prefix):
    """Enumerations come as numbers or as names, by the writer."""
    if isinstance(raw, str):
        return raw.removeprefix(prefix).lower()
    return names[raw or 0]


def identifier(raw, digits):
    """Ids come in hexadecimal or, from a plain protobuf writer, in base 64."""
    if not raw:
        return ""
    if len(raw) == digits:
        return raw.lower()
    return base64.b64decode(raw).hex()


def spans(document):
    """The spans of an `ExportTraceServiceRequest` or `TracesData`."""
    for resource_spans in document.get("resourceSpans", []):
        resource = attributes(resource_spans.get("resource", {}).get("attributes"))
        for scope_spans in resource_spans.get("scopeSpans", []):
            scope = scope_spans.get("scope", {}).get("name", "")
            for raw in scope_spans.get("spans", []):
                status = raw.get("status", {})
                yield Span(
                    trace_id=identifier(raw.get("traceId"), 32),
                    span_id=identifier(raw.get("spanId"), 16),
                    parent_id=identifier(raw.get("parentSpanId"), 16),
                    name=raw.get("name", ""),
                    kind=_enum(KINDS, raw.get("kind"), "SPAN_KIND_"),
                    start_ns=int(raw.get("startTimeUnixNano", 0)),
                    end_ns=int(raw.get("endTimeUnixNano", 0)),
                    status=_enum(STATUSES, status.get("code"), "STATUS_CODE_"),
                    message=status.get("message", ""),
                    attributes=attributes(raw.get("attributes")),
                    resource=resource,
                    scope=scope,
                    events=[(each.get("name", ""), attributes(each.get("attributes"))) for each in raw.get("events", [])],
                )


@dataclass
class Metric:
    """One metric of one export."""

    name: str
    unit: str
    type: str  # the field of the union: sum, gauge, histogram, exponentialHistogram
    temporality: str
    monotonic: bool
    points: list  # the data points as they came
    resource: dict = field(repr=False)
    scope: str = field(repr=False)


def metrics(document):
    """The metrics of an `ExportMetricsServiceRequest`."""
    for resource_metrics in document.get("resourceMetrics", []):
        resource = attributes(resource_metrics.get("resource", {}).get("attributes"))
        for scope_metrics in resource_metrics.get("scopeMetrics", []):
            scope = scope_metrics.get("scope", {}).get("name", "")
            for raw in scope_metrics.get("metrics", []):
                types = [key for key in ("sum", "gauge", "histogram", "exponentialHistogram", "summary") if key in raw]
                data = raw[types[0]] if types else {}
                yield Metric(
                    name=raw["name"],
                    unit=raw.get("unit", ""),
                    type=types[0] if types else "none",
                    temporality=_enum(TEMPORALITIES, data.get("aggregationTemporality"), "AGGREGATION_TEMPORALITY_"),
                    monotonic=bool(data.get("isMonotonic")),
                    points=data.get("dataPoints", []),
                    resource=resource,
                    scope=scope,
                )


@dataclass
class LogRecord:
    trace_id: str  # empty: outside of a trace
    span_id: str
    severity: str
    body: str
    event_name: str
    attributes: dict
    resource: dict = field(repr=False)


def log_records(document):
    """The log records of an `ExportLogsServiceRequest`."""
    for resource_logs in document.get("resourceLogs", []):
        resource = attributes(resource_logs.get("resource", {}).get("attributes"))
        for scope_logs in resource_logs.get("scopeLogs", []):
            for raw in scope_logs.get("logRecords", []):
                yield LogRecord(
                    trace_id=identifier(raw.get("traceId"), 32),
                    span_id=identifier(raw.get("spanId"), 16),
                    severity=raw.get("severityText", ""),
                    body=value(raw.get("body", {})) or "",
                    event_name=raw.get("eventName", ""),
                    attributes=attributes(raw.get("attributes")),
                    resource=resource,
                )


def number(point):
    """The value of a `NumberDataPoint`."""
    return float(point["asDouble"]) if "asDouble" in point else int(point.get("asInt", 0))
