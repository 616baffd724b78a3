import unittest

from support.http1 import Receiver, send


class Headers(unittest.TestCase):
    def test_lines_are_sent_as_they_are_and_seen_in_their_order(self):
        with Receiver() as receiver:
            lines = [("Foo", " 1"), ("foo", "\t 2 \t"), ("bar", "")]
            status, head, body = send(receiver.address, "POST /", lines, b"body")
            (seen,) = receiver.take()
        self.assertEqual((status, head.values("content-length"), body), (200, ["0"], b""))
        self.assertEqual(seen.first, "POST / HTTP/1.1")
        self.assertEqual(seen.values("foo"), ["1", "2"])
        self.assertEqual(seen.values("bar"), [""])
        self.assertEqual(seen.values("baz"), [])

    def test_what_was_taken_is_gone(self):
        with Receiver() as receiver:
            send(receiver.address, "GET /", [])
            self.assertEqual(len(receiver.take()), 1)
            self.assertEqual(receiver.take(), [])


if __name__ == "__main__":
    unittest.main()
