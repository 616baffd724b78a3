import io
import tempfile
import unittest
from contextlib import redirect_stdout

from support.results import Results


class ResultLines(unittest.TestCase):
    def lines(self, assertions):
        with tempfile.NamedTemporaryFile("r") as file, redirect_stdout(io.StringIO()) as shown:
            assertions(Results("suite", file.name))
            written = file.read()
        self.assertEqual(written, shown.getvalue())
        return written.splitlines()

    def test_each_assertion_is_one_line(self):
        def assertions(results):
            results.equal("a", 1, 1)
            results.equal("b", 1, "two\nlines")
            results.none("c", [])
            results.none("d", ["x", "y"])
            results.within("e", 1, 2, 3)
            results.within("f", 1, 2, None)

        self.assertEqual(
            self.lines(assertions),
            [
                "ok suite: a",
                "FAIL suite: b, expected 1, got 'two\\nlines'",
                "ok suite: c",
                "FAIL suite: d, expected none, got 2: ['x', 'y']",
                "FAIL suite: e, expected between 1 and 2, got 3",
                "FAIL suite: f, expected between 1 and 2, got None",
            ],
        )

    def test_counts_show_what_differs(self):
        lines = self.lines(lambda results: results.same_counts("a", {"x": 1, "y": 2}, {"x": 1, "z": 3}))
        self.assertEqual(lines, ["FAIL suite: a, expected {'y': 2, 'z': None}, got {'y': None, 'z': 3}"])
