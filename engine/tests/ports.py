"""Ports of this machine for servers that a test starts."""

import random
import socket

BELOW = 32_768  # from here on a kernel hands ports to clients, which may take one before its server does


def free_port() -> int:
    """Give a port on which nobody listens."""
    while True:
        port = random.SystemRandom().randrange(20_000, BELOW)
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:  # taken
                continue
            return port
