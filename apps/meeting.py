"""Workers wait for each other in Python, where a signal can end the waiting.

TensorFlow waits for them inside one call that lets no other line of the process run, signals
included. So each worker opens the port that TF_CONFIG gives it, and calls TensorFlow, which takes
the port over, when it has reached the ports of all others.
"""

import contextlib
import ipaddress
import re
import socket
import time
from collections.abc import Sequence

_PAUSE = 0.2  # seconds between two looks
_LONGEST_NAME = 253  # bytes, of DNS


def is_address(text: str) -> bool:
    """Whether a text is an address that a worker can have.

    Args:
        text: what should be `host:port`, or `[host]:port` for one of IPv6.

    Returns:
        bool.

    Example:
        >>> [is_address(text) for text in ("host1:12345", "[::1]:80", "a..b:80", "host1:99999")]
        [True, True, False, False]
    """
    host, _, port = text.rpartition(":")
    if not re.fullmatch("[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        return False
    try:
        if host.startswith("[") and host.endswith("]"):
            return bool(ipaddress.IPv6Address(host[1:-1]))
        return bool(re.fullmatch(r"[\w.-]+", host)) and len(host.encode("idna")) <= _LONGEST_NAME
    except ValueError:  # of parts that are empty or too long
        return False


def meet(addresses: Sequence[str], own: str) -> None:
    """Return when all workers are there.

    Args:
        addresses: `host:port` of all workers.
        own: that of this one.

    Raises:
        ValueError: if this worker's port is taken, or an address cannot be one.

    Example:
        >>> meet(["127.0.0.1:0"], "127.0.0.1:0")
    """
    for address in addresses:
        if address != own and not is_address(address):
            raise ValueError(
                f"`TF_CONFIG` must name workers by host:port. Received: {address!r}. Write where "
                "the other machines reach this worker."
            )
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    try:
        port = int(own.rpartition(":")[2])
        if not 0 <= port < 65536:
            raise ValueError("ports end at 65535")
        door = socket.create_server(
            ("", port), family=family, dualstack_ipv6=both, backlog=16 + len(addresses)
        )
    except (OSError, ValueError) as error:
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
