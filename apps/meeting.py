"""Workers wait for each other in Python, where a signal can end the waiting.

TensorFlow waits for them inside one call that lets no other line of the process run, signals
included. So each worker opens the port that TF_CONFIG gives it, and calls TensorFlow, which takes
the port over, when it has reached the ports of all others.
"""

import contextlib
import socket
import time
from collections.abc import Sequence

_PAUSE = 0.2  # seconds between two looks


def meet(addresses: Sequence[str], own: str) -> None:
    """Return when all workers are there.

    Args:
        addresses: `host:port` of all workers.
        own: that of this one.

    Raises:
        ValueError: if this worker's port is taken.

    Example:
        >>> meet(["127.0.0.1:0"], "127.0.0.1:0")
    """
    port = int(own.rpartition(":")[2])
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    try:
        door = socket.create_server(
            ("", port), family=family, dualstack_ipv6=both, backlog=16 + len(addresses)
        )
    except OSError as error:
        raise ValueError(
            f"`TF_CONFIG` must name a free port of this machine. Received: {own} ({error}). End "
            "what uses it, or choose another for all workers."
        ) from error
    with door:
        missing = {address for address in addresses if address != own}
        while missing := {address for address in missing if not _is_there(address)}:
            time.sleep(_PAUSE)


def _is_there(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with contextlib.suppress(OSError), socket.create_connection((host.strip("[]"), int(port)), 5.0):
        return True
    return False
