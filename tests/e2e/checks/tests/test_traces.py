import unittest

from support import traces
from support.otlp import Span

CODE = {"code.function.name": "shop::f", "code.file.path": "shop.rs", "code.line.number": 5}


def span(span_id, parent_id, name, kind, **changed):
    fields = {
        "trace_id": "t",
        "span_id": span_id,
        "parent_id": parent_id,
        "name": name,
        "kind": kind,
        "start_ns": 1,
        "end_ns": 2,
        "status": "unset",
        "message": "",
        "attributes": CODE,
        "resource": {},
        "scope": "tracer",
    }
    return Span(**{**fields, **changed})


def request():
    return [
        span("1", "", "buy", "client"),
        span("2", "1", "create_order", "server"),
        span("3", "2", "reserve", "client"),
        span("4", "3", "reserve_stock", "server"),
        span("5", "2", "charge", "internal"),
    ]


def problems(rule, spans):
    return list(rule(traces.Trace(spans)))


class Rules(unittest.TestCase):
    every = (
        traces.broken,
        traces.wrong_roots,
        traces.wrong_hops,
        traces.missing_hops,
        traces.wrong_times,
        traces.unlocated,
        traces.wrong_errors,
    )

    def changed(self, at, **fields):
        spans = request()
        for key, value in fields.items():
            setattr(spans[at], key, value)
        return spans

    def test_a_good_request_breaks_none(self):
        for rule in self.every:
            self.assertEqual(problems(rule, request()), [], rule.__name__)

    def test_broken(self):
        self.assertIn("parent 3 is missing", problems(traces.broken, request()[:2] + request()[3:])[0])
        self.assertIn("2 roots", problems(traces.broken, self.changed(2, parent_id=""))[0])
        self.assertIn("occurs twice", problems(traces.broken, request() + request()[4:])[0])
        ring = self.changed(2, parent_id="4")
        self.assertEqual(len(problems(traces.broken, ring)), 2)
        self.assertIn("0 roots", problems(traces.broken, request()[1:])[0])

    def test_roots(self):
        self.assertTrue(problems(traces.wrong_roots, self.changed(0, kind="internal")))
        self.assertTrue(problems(traces.wrong_roots, self.changed(0, name="shop")))

    def test_hops(self):
        for spans in (
            self.changed(1, kind="internal"),
            self.changed(3, parent_id="2"),
            self.changed(2, kind="internal"),
            self.changed(1, parent_id="5"),
            self.changed(4, parent_id="1"),
        ):
            self.assertTrue(problems(traces.wrong_hops, spans))

    def test_a_failed_request_may_lack_hops_but_not_a_successful_one(self):
        short = request()[:2]
        self.assertEqual(problems(traces.wrong_hops, short), [])
        self.assertEqual(len(problems(traces.missing_hops, short)), 3)

    def test_times(self):
        self.assertTrue(problems(traces.wrong_times, self.changed(1, start_ns=0)))
        self.assertTrue(problems(traces.wrong_times, self.changed(1, end_ns=0)))

    def test_locations(self):
        self.assertEqual(len(problems(traces.unlocated, self.changed(4, attributes={}))), 3)

    def test_attributes(self):
        front = {"order": 7, "service": "front"}
        spans = self.changed(1, attributes=front)
        spans[3].attributes = {"service": "stock"}
        spans[4].attributes = {"order": 7}
        self.assertEqual(problems(traces.wrong_attributes, spans), [])
        for at, attributes in ((1, {"order": 7}), (3, {}), (4, {"order": 8}), (4, {"order": "7"})):
            spans[1].attributes, spans[3].attributes, spans[4].attributes = front, {"service": "stock"}, {"order": 7}
            spans[at].attributes = attributes
            self.assertEqual(len(problems(traces.wrong_attributes, spans)), 1, attributes)

    def test_errors(self):
        def with_error(kind, message, status="error"):
            attributes = {**CODE, "error.type": kind} if kind else CODE
            return self.changed(4, status=status, message=message, attributes=attributes)

        self.assertEqual(problems(traces.wrong_errors, with_error("shop::Declined", "no money")), [])
        self.assertEqual(problems(traces.wrong_errors, with_error("panic", "")), [])
        self.assertEqual(problems(traces.wrong_errors, with_error("504", "")), [])
        self.assertTrue(problems(traces.wrong_errors, with_error("shop::Declined", "")))
        self.assertTrue(problems(traces.wrong_errors, with_error("", "no money")))
        self.assertTrue(problems(traces.wrong_errors, with_error("", "no money", "unset")))
        self.assertEqual(problems(traces.unfailed, with_error("panic", "")), [])
        self.assertTrue(problems(traces.unfailed, request()))
