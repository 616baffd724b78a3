"""The service `citizen`: what is asked of it, and which trace each request is."""

import os
import secrets
import socket

from support.program import Program

SERVICE = "citizen"

# What a request that places an order is: functions of ours and of `tracing`, a client of OpenTelemetry's API, a task.
PLACED = """\
POST /orders/{id} server unset
  place internal unset
    price client unset
      discount internal unset
    reserve internal unset
      INSERT orders client unset
    remember internal unset
      SET client unset
      INCR client unset"""

# The same order once more.
REFUSED = """\
POST /orders/{id} server unset
  place internal error
    price client unset
      discount internal unset
    reserve internal error
      INSERT orders client error"""

# A request whose caller goes away.
LEFT = """\
GET /wait server cancelled
  wait internal cancelled
    SELECT client cancelled"""

# What the spans of databases say, by their names.
DATABASE = {
    "INSERT orders": {
        "db.system.name": "postgresql",
        "db.operation.name": "INSERT",
        "db.collection.name": "orders",
        "db.query.text": "INSERT INTO orders (id, price) VALUES ($1, $2)",
    },
    "SELECT": {
        "db.system.name": "postgresql",
        "db.operation.name": "SELECT",
        "db.query.text": "SELECT pg_sleep(600)",
    },
    "SET": {
        "db.system.name": "redis",
        "db.operation.name": "SET",
        "db.namespace": "0",
        "db.query.text": "SET ? ?",
    },
    "INCR": {
        "db.system.name": "redis",
        "db.operation.name": "INCR",
        "db.namespace": "0",
        "db.query.text": "INCR ?",
    },
}


class Citizen(Program):
    def __init__(self, name, endpoint, environment=None):
        environment = {**(environment or {}), "OTEL_SERVICE_NAME": SERVICE, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        command = [os.environ["E2E_CITIZEN"], os.environ["E2E_POSTGRESQL"], os.environ["E2E_REDIS"]]
        super().__init__(name, command, {**environment, "OTEL_BSP_SCHEDULE_DELAY": "100"})
        self.address = self.value_of("listening ")

    def ask(self, head):
        """Sends `METHOD PATH` with a trace context of ours; (trace id, the open connection)."""
        trace_id = secrets.token_hex(16)
        host, port = self.address.split(":")
        connection = socket.create_connection((host, int(port)), timeout=30)
        lines = [f"{head} HTTP/1.1", f"host: {self.address}", "content-length: 0", "connection: close"]
        lines += [f"traceparent: 00-{trace_id}-{secrets.token_hex(8)}-01", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        return trace_id, connection

    def place(self, order):
        """(trace id, status of the answer)"""
        trace_id, connection = self.ask(f"POST /orders/{order}")
        with connection, connection.makefile("rb") as answer:
            status = int(answer.readline().split()[1])
            answer.read()
        return trace_id, status

    def leave(self):
        """Goes away while the database works; the trace id."""
        trace_id, connection = self.ask("GET /wait")
        with connection:
            self.wait_for_line(f'{{"trace_id":"{trace_id}"')
        return trace_id

    def texts(self):
        """What it has written on standard error."""
        with open(os.path.join(os.environ["E2E_WORK"], f"{self.name}.log"), encoding="utf-8") as log:
            return log.read().splitlines()
