"""Which daemon the docker command would talk to: by DOCKER_HOST, DOCKER_CONTEXT and its own configuration.

Reads files alone and loads nothing of Docker's library, whose own reading misses half of it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ...base.errors import EvaldockError
from ...base.home import home_dir

DEFAULT = "default"
_UNIX = "unix://"
_SOCKET = "/var/run/docker.sock"
_MATERIAL = ("ca.pem", "cert.pem", "key.pem")


class NoSuchContext(EvaldockError):
    """A docker context that is named and is not there; the message is a sentence with what to do."""


@dataclass(frozen=True)
class Daemon:
    """A daemon's address. `host` is "" for the platform's own default, with TLS as the environment says.

    `context` is the name of the docker context that leads there, "" for the default one. `ca`, `cert` and `key` are
    the files of its TLS, "" for those that it has not; `verify` is whether its certificate is looked at.
    """

    host: str = ""
    context: str = ""
    ca: str = ""
    cert: str = ""
    key: str = ""
    verify: bool = True

    @property
    def socket(self) -> str | None:
        """The path of its Unix socket on this machine, None for any other way."""
        if not self.host:
            return _SOCKET
        return self.host.removeprefix(_UNIX) if self.host.startswith(_UNIX) else None

    @property
    def where(self) -> str:
        """As the user would write it."""
        return self.host or f"{_UNIX}{_SOCKET}"


def daemon_of(env: Mapping[str, str] | None = None) -> Daemon:
    """The daemon that `env` (this process's own when None) leads to. Raises NoSuchContext."""
    env = os.environ if env is None else env
    if host := env.get("DOCKER_HOST"):
        return Daemon(host)
    folder = Path(env.get("DOCKER_CONFIG") or home_dir(env) / ".docker")
    chosen = env.get("DOCKER_CONTEXT")
    name = chosen or str(_read(folder / "config.json").get("currentContext") or DEFAULT)
    if name == DEFAULT:
        return Daemon()
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    meta = _read(folder / "contexts" / "meta" / digest / "meta.json")
    if meta.get("Name") != name:
        source = "DOCKER_CONTEXT" if chosen else f"currentContext in {folder / 'config.json'}"
        raise NoSuchContext(
            f"There is no docker context '{name}' in {folder / 'contexts'}, which {source} names. "
            "Choose one that `docker context ls` lists: docker context use NAME, or DOCKER_CONTEXT=NAME."
        )
    endpoint = _inner(_inner(meta, "Endpoints"), "docker")
    files = [folder / "contexts" / "tls" / digest / "docker" / part for part in _MATERIAL]
    ca, cert, key = (str(path) if path.is_file() else "" for path in files)
    return Daemon(str(endpoint.get("Host") or ""), name, ca, cert, key, verify=not endpoint.get("SkipTLSVerify"))


def _read(path: Path) -> dict[str, object]:
    try:
        found: object = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def _inner(tree: dict[str, object], key: str) -> dict[str, object]:
    found = tree.get(key)
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}
