import unittest

from support.b3 import MULTI, SINGLE, Context, found, headers
from support.http1 import Head


def head(lines):
    return Head("GET / HTTP/1.1", [(name.lower(), value.strip()) for name, value in lines])


class B3(unittest.TestCase):
    def test_what_a_caller_writes_is_found(self):
        for style in (SINGLE, MULTI):
            for state in ("1", "0", "d", ""):
                context = Context("463ac35c9f6413ad", "a2fb4a1d1a96d312", state)
                self.assertEqual(found(style, head(headers(style, context))), context)

    def test_the_other_style_is_not_found(self):
        context = Context("463ac35c9f6413ad", "a2fb4a1d1a96d312", "1")
        single, several = headers(SINGLE, context), headers(MULTI, context)
        self.assertIsNone(found(SINGLE, head(several)))
        self.assertIsNone(found(MULTI, head(single)))
        for style in (SINGLE, MULTI):
            self.assertIsNone(found(style, head(single + several)))
            self.assertIsNone(found(style, head([])))


if __name__ == "__main__":
    unittest.main()
