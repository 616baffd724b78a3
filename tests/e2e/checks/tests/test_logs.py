import unittest

from support.logs import Line, from_json, from_text

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Lines(unittest.TestCase):
    def test_json(self):
        inside = f'{{"trace_id":"{TRACE}","span_id":"{SPAN}","trace_flags":"01","level":"INFO","message":"placed"}}'
        outside = '{"level":"ERROR","error":"gone"}'
        expected = [Line(TRACE, SPAN, True, "INFO", "placed"), Line("", "", False, "ERROR", "gone")]
        self.assertEqual(list(from_json(["listening 127.0.0.1:1", inside, outside])), expected)

    def test_text(self):
        inside = f"trace_id={TRACE} span_id={SPAN} trace_flags=00 2026-01-01T00:00:00.5Z  WARN place: shop: late id=7"
        outside = "2026-01-01T00:00:00.5Z  INFO shop: ready"
        self.assertEqual(list(from_text([outside, inside])), [Line(TRACE, SPAN, False, "WARN", "place: shop: late id=7")])


if __name__ == "__main__":
    unittest.main()
