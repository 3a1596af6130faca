"""Asking the Docker daemon for its version without loading Docker's library, which costs a tenth of a second."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import cast

_DEFAULT = "/var/run/docker.sock"
_PATIENCE = 2.0  # seconds
_LIMIT = 1 << 16


def quick_version(env: Mapping[str, str] | None = None) -> str | None:
    """The version of the daemon at the local socket that `env` leads to, None when that does not answer.

    None is no verdict: a remote daemon, or a context other than the default one, is for the library to ask.
    """
    path = _local_socket(os.environ if env is None else env)
    if path is None:
        return None
    try:
        return _ask(path)
    except (OSError, ValueError, RecursionError):
        return None


def _local_socket(env: Mapping[str, str]) -> str | None:
    host = env.get("DOCKER_HOST", "")
    if host:
        return host.removeprefix("unix://") if host.startswith("unix://") else None
    if env.get("DOCKER_CONTEXT", "default") != "default":
        return None
    folder = env.get("DOCKER_CONFIG") or str(Path(env.get("HOME") or "/") / ".docker")
    try:
        found: object = json.loads((Path(folder) / "config.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return _DEFAULT
    config = cast(dict[str, object], found) if isinstance(found, dict) else {}
    return _DEFAULT if config.get("currentContext", "default") == "default" else None


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
