"""usage: executable.py NAME; prints the path of the program NAME, from Cargo's messages on standard input."""

import json
import sys

for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable") and message["target"]["name"] == sys.argv[1]:
        print(message["executable"])
        break
else:
    sys.exit(f"Cargo has built no {sys.argv[1]}")
