"""Samples of a metrics page in the text format."""

import re

from support.web import request

LINE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def scrape(address):
    page = request(f"http://{address}/metrics", headers={"Accept": "text/plain"})
    return samples(page.body.decode())


def samples(page):
    """[(name, labels, value)]"""
    found = (LINE.match(line) for line in page.splitlines())
    return [(each[1], dict(LABEL.findall(each[2] or "")), float(each[3])) for each in found if each]


def counts(found, name, *labels):
    """Values of these labels -> the sum of the samples of `name`, without the zeros."""
    sums = {}
    for sample, has, value in found:
        if sample == name and value:
            key = tuple(has.get(label) for label in labels)
            sums[key] = sums.get(key, 0) + value
    return sums
