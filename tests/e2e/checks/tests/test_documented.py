import unittest

from support.documented import queries
from support.samples import counts, samples

PAGE = """\
# HELP calls Calls.
# TYPE calls counter
calls{method="a",status="ok"} 3
calls{method="a",status="no \\"x\\""} 2
calls{method="b",status="ok"} 0
up 1
"""


class Documents(unittest.TestCase):
    def test_the_documentation_has_its_five_queries(self):
        found = queries("Queries")
        self.assertEqual(len(found), 5)
        self.assertTrue(all("kitex_" in query for query in found))

    def test_samples_of_a_page(self):
        found = samples(PAGE)
        self.assertEqual(len(found), 4)
        self.assertEqual(found[1], ("calls", {"method": "a", "status": 'no \\"x\\"'}, 2.0))
        self.assertEqual(counts(found, "calls", "method"), {("a",): 5.0})


if __name__ == "__main__":
    unittest.main()
