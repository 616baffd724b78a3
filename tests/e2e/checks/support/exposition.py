"""The metrics page itself: formats, encodings, methods, paths."""

import gzip
import json
import os
import subprocess
import urllib.parse

from support.web import request

TEXT = "text/plain; version=0.0.4"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
# What Prometheus itself sends.
PROMETHEUS_ACCEPT = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PARSER = os.path.join(os.path.dirname(__file__), "openmetrics.py")


def media_type(response):
    """(type, version) of the content."""
    kind, _, parameters = (response.headers["Content-Type"] or "").partition(";")
    version = [each.strip() for each in parameters.split(";") if each.strip().startswith("version=")]
    return kind.strip(), version[0].removeprefix("version=") if version else None


def families(text):
    """Parses OpenMetrics strictly; (families by name, complaint)."""
    done = subprocess.run(
        [os.environ["E2E_OPENMETRICS_PYTHON"], PARSER], input=text, capture_output=True, text=True, check=False
    )
    if done.returncode:
        return {}, done.stderr.strip().splitlines()[-1]
    return {family["name"]: family for family in json.loads(done.stdout)}, ""


def check_text(results, url):
    page = request(url, headers={"Accept": "text/plain"})
    results.equal("Accept text/plain: status", 200, page.status)
    results.equal("Accept text/plain: content type", ("text/plain", "0.0.4"), media_type(page))
    lint = subprocess.run(["promtool", "check", "metrics"], input=page.body, capture_output=True, check=False)
    complaints = (lint.stdout + lint.stderr).decode(errors="replace").strip()
    results.check(lint.returncode == 0, "promtool check metrics", "status 0", f"{lint.returncode}: {complaints}")
    results.check(b"# EOF" not in page.body, "Accept text/plain: no OpenMetrics in it", "no # EOF", "# EOF")
    results.check(b" # {" not in page.body, "Accept text/plain: no exemplars in it", "none", "some")


def check_openmetrics(results, url):
    """Gives the families that it read."""
    page = request(url, headers={"Accept": OPENMETRICS})
    results.equal("Accept OpenMetrics: status", 200, page.status)
    results.equal("Accept OpenMetrics: content type", ("application/openmetrics-text", "1.0.0"), media_type(page))
    found, complaint = families(page.body.decode())
    results.check(found, "the strict OpenMetrics parser accepts the text", "families", complaint)
    results.check(page.body.endswith(b"# EOF\n"), "OpenMetrics ends with # EOF", "# EOF", page.body[-40:])
    preferred = request(url, headers={"Accept": PROMETHEUS_ACCEPT})
    results.equal("Prometheus' Accept: OpenMetrics", media_type(page), media_type(preferred))
    for name, kind in (
        ("function_calls", "counter"),
        ("function_calls_duration_seconds", "histogram"),
        ("function_calls_in_flight", "gauge"),
    ):
        results.equal(f"{name} is a {kind}", kind, found.get(name, {}).get("type"))
    for name, family in sorted(found.items()):
        if name.startswith(("function_", "tracer_")):
            results.check(family["help"], f"{name} has a help text", "a text", "none")
    check_exemplars(results, found)
    return found


def check_exemplars(results, found):
    """Where they are, and what they name."""
    with_exemplar = [sample for family in found.values() for sample in family["samples"] if sample["exemplar"]]
    names = {sample["name"] for sample in with_exemplar}
    results.check("function_calls_duration_seconds_bucket" in names, "functions have exemplars", "some", sorted(names))
    results.none("exemplars are in buckets of durations", [n for n in names if not n.endswith("_duration_seconds_bucket")])
    keys = {tuple(sample["exemplar"]["labels"]) for sample in with_exemplar}
    results.equal("exemplars name a trace and a span", {("trace_id", "span_id")}, keys)
    beyond = [each for each in with_exemplar if each["exemplar"]["value"] > float(each["labels"]["le"])]
    results.none("the value of an exemplar is within its bucket", beyond)


def check_encodings(results, url):
    plain = request(url, headers={"Accept": OPENMETRICS})
    results.equal("no Accept-Encoding: not encoded", None, plain.headers["Content-Encoding"])
    packed = request(url, headers={"Accept": OPENMETRICS, "Accept-Encoding": "gzip"})
    results.equal("Accept-Encoding gzip: encoded", "gzip", packed.headers["Content-Encoding"])
    if packed.headers["Content-Encoding"] == "gzip":
        unpacked = gzip.decompress(packed.body)
        found, complaint = families(unpacked.decode())
        results.check(found, "the gzip response holds OpenMetrics", "families", complaint)
        results.check(len(packed.body) < len(unpacked), "gzip makes it smaller", f"< {len(unpacked)}", len(packed.body))
    refused = request(url, headers={"Accept-Encoding": "gzip;q=0, identity"})
    results.equal("Accept-Encoding gzip;q=0: not encoded", None, refused.headers["Content-Encoding"])


def check_methods(results, url):
    head = request(url, method="HEAD", headers={"Accept": OPENMETRICS})
    results.equal("HEAD: status", 200, head.status)
    results.equal("HEAD: no body", b"", head.body)
    results.equal("HEAD: content type as GET", ("application/openmetrics-text", "1.0.0"), media_type(head))
    post = request(url, method="POST", body=b"")
    results.equal("POST: status", 405, post.status)
    allowed = {each.strip() for each in (post.headers["Allow"] or "").split(",")}
    results.check({"GET", "HEAD"} <= allowed, "POST: Allow names GET and HEAD", "GET, HEAD", sorted(allowed))
    for path in ("/", "/metrics/", "/nope"):
        other = request(urllib.parse.urljoin(url, path))
        results.equal(f"GET {path}: status", 404, other.status)
    queried = request(url + "?name=x")
    results.equal("GET with a query: status", 200, queried.status)
