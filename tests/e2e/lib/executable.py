"""usage: executable.py NAME; prints the path of the program NAME, from Cargo's messages on standard input."""

import json
import sys

messages = [json.loads(line) for line in sys.stdin]  # all of them: Cargo fails where nobody reads on
found = [each["executable"] for each in messages if each.get("executable") and each["target"]["name"] == sys.argv[1]]
if not found:
    sys.exit(f"Cargo has built no {sys.argv[1]}")
print(found[0])
