"""The echo, by Kitex in Go and by us in Rust: a server and a client of each."""

import os
import random
import socket
from dataclasses import dataclass

from support.program import START_SECONDS, Program
from support.wait import poll

RUN_SECONDS = 120


def free_address():
    """A loopback port below those of outgoing connections."""
    while True:
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", random.randint(15000, 32000)))
            except OSError:
                continue
            return "127.0.0.1:%d" % candidate.getsockname()[1]


def listens(address):
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True


@dataclass
class Run:
    """What a client did on one request."""

    trace_id: str
    succeeded: int
    failed: int
    nanoseconds: list  # of the calls that succeeded; none where the client does not measure


class Client(Program):
    measures = False

    def run(self, calls):
        self.tell(str(calls))
        succeeded, failed = self.value_of("calls ", RUN_SECONDS).split()
        spent = [int(each) for each in self.value_of("nanoseconds ").split()] if self.measures else []
        return Run(self.value_of("trace "), int(succeeded), int(failed), spent)


def _go(program, name, address, metrics, plain):
    options = ["-name", name, "-addr", address, "-prom", metrics, *(["-plain"] if plain else [])]
    endpoint = os.environ["E2E_OTLP_GRPC"].removeprefix("http://")
    return [os.path.join(os.environ["E2E_KITEX"], program), *options, "-otlp", endpoint]


# Spans are sent soon, in either language.
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "100"}


class KitexServer(Program):
    def __init__(self, name, metrics, plain=False):
        """`plain`: context in gRPC metadata of its own names, not in metainfo."""
        self.address = free_address()
        super().__init__(name, _go("server", name, self.address, metrics, plain), SOON)
        if not poll(START_SECONDS, lambda: listens(self.address)):
            raise TimeoutError(f"{name} does not listen")


class KitexClient(Client):
    def __init__(self, name, callee, address, metrics, plain=False):
        super().__init__(name, [*_go("client", name, address, metrics, plain), "-callee", callee], SOON)


def rust(program, *arguments):
    return [os.path.join(os.environ["E2E_SERVICES"], program), *arguments]


def rust_environment(name, propagators, metrics=None):
    return {
        **SOON,
        "OTEL_SERVICE_NAME": name,
        "OTEL_PROPAGATORS": propagators,
        "OTEL_EXPORTER_OTLP_ENDPOINT": os.environ["E2E_OTLP_GRPC"],
        **({"METRICS_ADDR": metrics} if metrics else {}),
    }


class RustServer(Program):
    """Any of the services that listen."""

    def __init__(self, name, propagators, metrics=None, command=("echo_server",)):
        super().__init__(name, rust(*command), rust_environment(name, propagators, metrics))
        self.address = self.value_of("listening ")


class RustClient(Client):
    measures = True

    def __init__(self, name, callee, address, propagators, metrics):
        super().__init__(name, rust("echo_client", callee, address), rust_environment(name, propagators, metrics))
