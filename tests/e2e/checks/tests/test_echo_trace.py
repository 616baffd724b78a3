import unittest
from dataclasses import replace

from support.echo_trace import SAY, wrong_calls
from support.otlp import Span
from support.traces import Trace


def span(span_id, parent_id, name, kind, service):
    resource = {"service.name": service}
    return Span("1" * 32, span_id, parent_id, name, kind, 1, 2, "unset", "", {}, resource, "")


RUN = span("a", "", "run", "internal", "caller")
SENT = span("b", "a", SAY, "client", "caller")
SERVED = span("c", "b", SAY, "server", "callee")


class Calls(unittest.TestCase):
    def wrong(self, *spans):
        return list(wrong_calls(Trace(list(spans)), "caller", "callee"))

    def test_a_call_has_both_sides(self):
        self.assertEqual(self.wrong(RUN, SENT, SERVED), [])
        self.assertEqual(len(self.wrong(RUN, SENT)), 1)
        self.assertEqual(len(self.wrong(RUN, SENT, SERVED, replace(SERVED, span_id="d"))), 1)

    def test_parents_and_services_are_looked_at(self):
        self.assertTrue(self.wrong(RUN, SENT, replace(SERVED, parent_id="a")))
        self.assertTrue(self.wrong(RUN, replace(SENT, parent_id="c"), SERVED))
        self.assertTrue(self.wrong(RUN, SENT, replace(SERVED, resource={"service.name": "caller"})))
        self.assertTrue(self.wrong(RUN, SENT, replace(SERVED, name="other")))


if __name__ == "__main__":
    unittest.main()
