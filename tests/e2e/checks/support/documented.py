"""Queries as the documentation has them."""

import os
import re

FILE = os.path.join(os.path.dirname(__file__), "../../../../tracer-runtime/src/rpc/kitex.md")


def queries(section):
    """The blocks of a section, in order."""
    with open(FILE, encoding="utf-8") as file:
        text = file.read()
    _, _, text = text.partition(f"# {section}\n")
    return [block.strip() for block in re.findall(r"```text\n(.*?)```", text, re.DOTALL)]
