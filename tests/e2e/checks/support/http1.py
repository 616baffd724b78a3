"""HTTP/1.1 whose headers are sent and seen exactly as they are written: repeated, in any case, with any white space."""

import socket
import threading
from dataclasses import dataclass

TIMEOUT = 10


@dataclass
class Head:
    first: str  # the request line or the status line
    headers: list  # (name in lower case, value), in order

    def values(self, name):
        return [value for key, value in self.headers if key == name]


class _Reader:
    def __init__(self, connection):
        self._connection = connection
        self._rest = b""

    def _until(self, enough):
        while not enough(self._rest):
            more = self._connection.recv(65536)
            if not more:
                raise EOFError("the connection was closed")
            self._rest += more

    def message(self):
        """A head and its body, None at the end of the connection."""
        try:
            self._until(lambda rest: b"\r\n\r\n" in rest)
        except EOFError:
            return None
        raw, _, self._rest = self._rest.partition(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        head = Head(first, [(name.lower(), value.strip(" \t")) for name, _, value in pairs])
        length = int((head.values("content-length") or ["0"])[0])
        self._until(lambda rest: len(rest) >= length)
        body, self._rest = self._rest[:length], self._rest[length:]
        return head, body


def send(address, request_line, headers, body=b""):
    """Sends the header lines as they are, `(name, value)`; (status, head of the answer, body)."""
    host, port = address.split(":")
    lines = [f"{request_line} HTTP/1.1", f"Host: {address}", "Connection: close", f"Content-Length: {len(body)}"]
    lines += [f"{name}:{value}" for name, value in headers]
    with socket.create_connection((host, int(port)), TIMEOUT) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        answer = _Reader(connection).message()
    if answer is None:
        raise EOFError(f"{address} gave no answer")
    head, body = answer
    return int(head.first.split()[1]), head, body


class Receiver:
    """Answers every request with 200 and remembers its head."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        self._heads = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            reader = _Reader(connection)
            while (message := reader.message()) is not None:
                with self._lock:
                    self._heads.append(message[0])
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def take(self):
        """The heads of the requests since the last time."""
        with self._lock:
            heads, self._heads = self._heads, []
        return heads

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()
