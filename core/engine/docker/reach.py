"""Asking the Docker daemon for its version without loading Docker's library, which costs a tenth of a second."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import cast

from .context import NoSuchContext, daemon_of

_PATIENCE = 2.0  # seconds
_LIMIT = 1 << 16


def quick_version(env: Mapping[str, str] | None = None) -> str | None:
    """The version of the daemon at the local socket that `env` leads to, None when that does not answer.

    None is no verdict: a daemon elsewhere, and an unknown context, are for the library's way to tell of.
    """
    try:
        path = daemon_of(env).socket
    except NoSuchContext:
        return None
    if path is None:
        return None
    try:
        return _ask(path)
    except (OSError, ValueError, RecursionError):
        return None


def _ask(path: str) -> str | None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(_PATIENCE)
        line.connect(path)
        # HTTP/1.0: the daemon closes the connection after its answer, and does not send it in chunks.
        line.sendall(b"GET /version HTTP/1.0\r\nHost: docker\r\n\r\n")
        answer = b""
        while (data := line.recv(_LIMIT)) and len(answer) < _LIMIT:
            answer += data
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head.partition(b"\r\n")[0]:
        return None
    found: object = json.loads(body)
    version = cast(dict[str, object], found).get("Version") if isinstance(found, dict) else None
    return version if isinstance(version, str) else None
