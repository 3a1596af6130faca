"""The IPv4 address of a network interface: older Docker Engines do not say that of their own bridge."""

from __future__ import annotations

import socket
import struct
import sys

_SIOCGIFADDR = 0x8915  # linux/sockios.h


def interface_address(name: str) -> str | None:
    """The address of interface `name` on this machine, None when it has none (or this is not Linux)."""
    if sys.platform != "linux":
        return None
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])
