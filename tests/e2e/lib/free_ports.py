"""usage: free_ports.py COUNT; prints COUNT free loopback ports.

They are taken from below the range that the kernel hands out to outgoing
connections, so that no connection of ours occupies one before its server binds.
"""

import random
import socket
import sys

FIRST, LAST = 15000, 32000


def main(count):
    held = []
    while len(held) < count:
        candidate = socket.socket()
        try:
            candidate.bind(("127.0.0.1", random.randint(FIRST, LAST)))
        except OSError:
            candidate.close()
            continue
        held.append(candidate)
    print(*(each.getsockname()[1] for each in held))


main(int(sys.argv[1]))
