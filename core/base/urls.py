"""What a URL says about where it leads, and the URL without what may be secret in it."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urlsplit, urlunsplit


def bare_url(url: str) -> str:
    """The URL without user, password, query and fragment, any of which may hold a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return re.split("[?#]", url, maxsplit=1)[0].rpartition("@")[2]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address means the machine itself; `0.0.0.0` and `127.1` do, `127.evil.com` does not."""
    if not host:
        return False
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return _is_short_loopback(host)
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback or address.is_unspecified


def _is_short_loopback(host: str) -> bool:
    """`127.1`, `0x7f000001`: as programs of C read an address."""
    if not re.fullmatch(r"[0-9a-fA-FxX.]{1,20}", host):
        return False
    try:
        return socket.inet_aton(host)[:1] in (b"\x7f", b"\x00")
    except OSError:
        return False


def registry_of(image: str) -> str:
    """The registry that Docker asks for an image."""
    first, slash, _ = image.partition("/")
    return first if slash and (first == "localhost" or "." in first or ":" in first) else "docker.io"
