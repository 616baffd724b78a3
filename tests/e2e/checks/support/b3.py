"""B3 as a caller writes it and as the next service finds it, <https://github.com/openzipkin/b3-propagation>."""

from dataclasses import dataclass

SINGLE, MULTI = "b3", "b3multi"


@dataclass
class Context:
    trace_id: str
    span_id: str
    state: str  # "1", "0", "d" for debug, "" where the decision is left to the next one


def headers(style, context):
    """The header lines of a caller."""
    if style == SINGLE:
        state = f"-{context.state}" if context.state else ""
        return [("b3", f" {context.trace_id}-{context.span_id}{state}")]
    lines = [("X-B3-TraceId", f" {context.trace_id}"), ("X-B3-SpanId", f" {context.span_id}")]
    if context.state == "d":
        return [*lines, ("X-B3-Flags", " 1")]
    return [*lines, ("X-B3-Sampled", f" {context.state}")] if context.state else lines


def found(style, head):
    """What a request brings in this style; None if it is not exactly one context, or if the other style is there too."""
    single = head.values("b3")
    several = {name: head.values(f"x-b3-{name}") for name in ("traceid", "spanid", "sampled", "flags")}
    if style == SINGLE:
        parts = single[0].split("-") if len(single) == 1 else []
        good = len(parts) in (2, 3) and not any(several.values())
        return Context(parts[0], parts[1], "".join(parts[2:])) if good else None
    good = not single and len(several["traceid"]) == len(several["spanid"]) == 1
    state = "d" if several["flags"] == ["1"] else "".join(several["sampled"])
    return Context(several["traceid"][0], several["spanid"][0], state) if good else None
