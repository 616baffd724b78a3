"""usage: openmetrics.py <TEXT; runs in an environment that has prometheus-client.

Prints the families of an OpenMetrics text as JSON, or the parser's complaint on
standard error and status 1.
"""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def main():
    try:
        families = list(text_string_to_metric_families(sys.stdin.read()))
    except ValueError as error:
        sys.exit(f"not OpenMetrics: {error}")
    json.dump(
        [
            {
                "name": family.name,
                "type": family.type,
                "unit": family.unit,
                "help": family.documentation,
                "samples": [
                    {
                        "name": s.name,
                        "labels": s.labels,
                        "value": s.value,
                        "exemplar": s.exemplar and {"labels": s.exemplar.labels, "value": s.exemplar.value},
                    }
                    for s in family.samples
                ],
            }
            for family in families
        ],
        sys.stdout,
    )


main()
