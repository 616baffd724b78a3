"""Queries to Prometheus."""

import os

from support.web import request

PROMETHEUS = os.environ.get("E2E_PROMETHEUS", "")


def query(expression, time=None):
    """[(labels, value)]: the value is a number, or [(time, number)] of a range."""
    parameters = {"query": expression, **({"time": time} if time else {})}
    answer = request(f"{PROMETHEUS}/api/v1/query", query=parameters).json()
    if answer["status"] != "success":
        raise ValueError(f"{expression}: {answer.get('error')}")
    found = []
    for each in answer["data"]["result"]:
        if "values" in each:
            value = [(float(when), float(number)) for when, number in each["values"]]
        else:
            value = float(each["value"][1])
        found.append((each["metric"], value))
    return found


def scalar(expression, time=None):
    """The one value of `expression`, None if there is none."""
    found = query(expression, time)
    return found[0][1] if found else None


def exemplars(expression, start, end):
    """[(labels of the series, labels of the exemplar, value)]."""
    parameters = {"query": expression, "start": start, "end": end}
    answer = request(f"{PROMETHEUS}/api/v1/query_exemplars", query=parameters).json()
    if answer["status"] != "success":
        raise ValueError(f"{expression}: {answer.get('error')}")
    return [
        (series["seriesLabels"], exemplar["labels"], float(exemplar["value"]))
        for series in answer["data"]
        for exemplar in series["exemplars"]
    ]


def active_targets():
    answer = request(f"{PROMETHEUS}/api/v1/targets", query={"state": "active"}).json()
    return answer["data"]["activeTargets"]
