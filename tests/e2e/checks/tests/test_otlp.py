import unittest

from support import otlp


class Documents(unittest.TestCase):
    def test_come_with_and_without_newlines(self):
        self.assertEqual(list(otlp.documents('{"a":1}\n{"b":2}{"c":3} \n')), [{"a": 1}, {"b": 2}, {"c": 3}])
        self.assertEqual(list(otlp.documents("")), [])


class Spans(unittest.TestCase):
    def span(self, **fields):
        raw = {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "buy", **fields}
        scope_spans = {"scope": {"name": "tracer"}, "spans": [raw]}
        attribute = {"key": "service.name", "value": {"stringValue": "shop"}}
        document = {"resourceSpans": [{"resource": {"attributes": [attribute]}, "scopeSpans": [scope_spans]}]}
        (span,) = otlp.spans(document)
        return span

    def test_defaults_are_those_of_protobuf(self):
        span = self.span()
        self.assertEqual((span.parent_id, span.kind, span.status, span.message), ("", "unspecified", "unset", ""))
        self.assertEqual((span.resource, span.scope), ({"service.name": "shop"}, "tracer"))

    def test_enumerations_come_as_numbers_and_names(self):
        for kind, code in ((3, 2), ("SPAN_KIND_CLIENT", "STATUS_CODE_ERROR")):
            span = self.span(kind=kind, status={"code": code, "message": "no"})
            self.assertEqual((span.kind, span.status, span.message), ("client", "error", "no"))

    def test_ids_come_in_two_encodings(self):
        self.assertEqual(self.span(parentSpanId="0123456789ABCDEF").parent_id, "0123456789abcdef")
        self.assertEqual(self.span(parentSpanId="ASNFZ4mrze8=").parent_id, "0123456789abcdef")

    def test_attributes(self):
        raw = [
            {"key": "s", "value": {"stringValue": ""}},
            {"key": "i", "value": {"intValue": "7"}},
            {"key": "d", "value": {"doubleValue": 0.5}},
            {"key": "b", "value": {"boolValue": False}},
            {"key": "a", "value": {"arrayValue": {"values": [{"intValue": 1}]}}},
        ]
        self.assertEqual(otlp.attributes(raw), {"s": "", "i": 7, "d": 0.5, "b": False, "a": [1]})


    def test_events(self):
        event = {"name": "found", "attributes": [{"key": "n", "value": {"intValue": "1"}}]}
        self.assertEqual(self.span(events=[event, {"name": "bare"}]).events, [("found", {"n": 1}), ("bare", {})])


class LogRecords(unittest.TestCase):
    def test_inside_and_outside_of_traces(self):
        inside = {"traceId": "ab" * 16, "spanId": "cd" * 8, "severityText": "INFO", "body": {"stringValue": "placed"}}
        document = {"resourceLogs": [{"scopeLogs": [{"logRecords": [inside, {"eventName": "ready"}]}]}]}
        placed, ready = otlp.log_records(document)
        self.assertEqual((placed.trace_id, placed.span_id), ("ab" * 16, "cd" * 8))
        self.assertEqual((placed.severity, placed.body, placed.event_name), ("INFO", "placed", ""))
        self.assertEqual((ready.trace_id, ready.span_id, ready.body, ready.event_name), ("", "", "", "ready"))


class Metrics(unittest.TestCase):
    def test_types(self):
        total = {
            "name": "calls",
            "sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [{"asInt": "4"}]},
        }
        gauge = {"name": "level", "unit": "s", "gauge": {"dataPoints": [{"asDouble": 0.5}]}}
        document = {"resourceMetrics": [{"scopeMetrics": [{"scope": {"name": "x"}, "metrics": [total, gauge]}]}]}
        calls, level = otlp.metrics(document)
        self.assertEqual((calls.type, calls.temporality, calls.monotonic), ("sum", otlp.CUMULATIVE, True))
        self.assertEqual([otlp.number(point) for point in calls.points + level.points], [4, 0.5])
        self.assertEqual((level.type, level.unit, level.scope), ("gauge", "s", "x"))
