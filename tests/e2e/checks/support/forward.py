"""The service `forward`: it makes the HTTP calls that it is asked for."""

import json
import os

from support.http1 import Receiver, send
from support.program import Program


class Forward(Program):
    def __init__(self, environment=None):
        super().__init__("forward", [os.path.join(os.environ["E2E_SERVICES"], "forward")], environment)
        self._receiver = Receiver()
        self.address = self.value_of("listening ")

    def calls(self, headers, number=1):
        """Sends a request with these header lines that asks for `number` calls; the heads of these."""
        calls = [{"url": f"http://{self._receiver.address}/", "arguments": []}] * number
        lines = [("Content-Type", " application/json"), *headers]
        status, _, _ = send(self.address, "POST /test", lines, json.dumps(calls).encode())
        if status != 200:
            raise ValueError(f"forward answered {status}")
        heads = self._receiver.take()
        if len(heads) != number:
            raise ValueError(f"{len(heads)} calls instead of {number}")
        return heads

    def __exit__(self, *exception):
        self._receiver.__exit__()
        super().__exit__(*exception)
