"""A trace as text, so that a whole one is compared at once."""


def outcome(span):
    if span.attributes.get("tracer.outcome") == "cancelled":
        return "cancelled"
    return span.status


def line(span):
    return f"{span.name} {span.kind} {outcome(span)}"


def render(spans):
    """A line for each span, `NAME KIND OUTCOME`, below its parent by two blanks, in the order of their starts.

    Roots are those whose parents are not among them.
    """
    ids = {span.span_id for span in spans}
    lines = []

    def add(parent, depth):
        for span in sorted(spans, key=lambda span: span.start_ns):
            if (span.parent_id if span.parent_id in ids else "") == parent:
                lines.append("  " * depth + line(span))
                add(span.span_id, depth + 1)

    add("", 0)
    return "\n".join(lines)
