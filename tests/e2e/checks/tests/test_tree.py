import unittest
from dataclasses import replace

from support.otlp import Span
from support.tree import render


def span(span_id, parent_id, name, start=1):
    return Span("1" * 32, span_id, parent_id, name, "internal", start, 9, "unset", "", {}, {}, "")


ROOT = span("a", "elsewhere", "root")
SECOND = replace(span("c", "a", "second", 3), status="error")
FIRST = span("b", "a", "first", 2)
INNER = replace(span("d", "b", "inner", 4), kind="client", attributes={"tracer.outcome": "cancelled"})


class Rendered(unittest.TestCase):
    def test_children_are_below_their_parents_in_the_order_of_their_starts(self):
        expected = "root internal unset\n  first internal unset\n    inner client cancelled\n  second internal error"
        self.assertEqual(render([SECOND, INNER, FIRST, ROOT]), expected)

    def test_a_span_that_is_there_twice_is_shown_twice(self):
        self.assertEqual(render([ROOT, FIRST, replace(FIRST, span_id="e")]).count("first"), 2)

    def test_a_span_without_its_parent_is_a_root(self):
        self.assertEqual(render([INNER]), "inner client cancelled")


if __name__ == "__main__":
    unittest.main()
