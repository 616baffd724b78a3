"""HTTP requests whose every status is an answer."""

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

TIMEOUT = 60


@dataclass
class Response:
    status: int
    headers: object  # case-insensitive
    body: bytes

    def json(self):
        return json.loads(self.body)


def request(url, method="GET", headers=None, query=None, body=None):
    if query:
        url += "?" + urllib.parse.urlencode(query)
    message = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(message, timeout=TIMEOUT) as response:
            return Response(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        return Response(error.code, error.headers, error.read())
