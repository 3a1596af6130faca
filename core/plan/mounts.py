"""Host directories in a container: docker's two ways to write them, and what may not be covered."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable

from ..base.errors import EvaldockError
from ..config.model import MountSpec
from .spec import RESULTS_PATH

OWN_ROOT = "/evaldock"

_IGNORED = frozenset(("rw", "cached", "delegated", "consistent"))
_READ_ONLY = frozenset(("ro", "readonly"))


class MountError(EvaldockError):
    """A mount that cannot be made; the message says which and why."""


def parse_volume(text: str) -> MountSpec:
    """`/host:/container[:ro]` of docker's `-v`. Raises MountError."""
    parts = text.split(":")
    if not 2 <= len(parts) <= 3 or not parts[0] or not parts[1]:
        raise MountError(f"--volume {text}: write /host/dir:/container/dir or /host/dir:/container/dir:ro")
    options = set(parts[2].split(",")) if len(parts) == 3 else set[str]()
    if unknown := options - _IGNORED - _READ_ONLY:
        raise MountError(f"--volume {text}: the option {', '.join(sorted(unknown))} is not supported; use ro or rw")
    return checked_mount(parts[0], parts[1], bool(options & _READ_ONLY), f"--volume {text}")


def parse_mount(text: str) -> MountSpec:
    """`type=bind,source=/host,target=/container[,readonly]` of docker's `--mount`. Raises MountError."""
    fields: dict[str, str] = {}
    names = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly"}
    for item in text.split(","):
        key, _, value = item.partition("=")
        fields[names.get(key.strip(), key.strip())] = value
    if fields.pop("type", "") != "bind":
        raise MountError(f"--mount {text}: only type=bind is supported; --tmpfs gives memory")
    source, target = fields.pop("source", ""), fields.pop("target", "")
    read_only = fields.pop("readonly", "false") in ("", "true", "1")
    if fields:
        raise MountError(f"--mount {text}: {', '.join(sorted(fields))} is not supported")
    if not source or not target:
        raise MountError(f"--mount {text}: source and target are both needed")
    return checked_mount(source, target, read_only, f"--mount {text}")


def checked_mount(source: str, target: str, read_only: bool, where: str) -> MountSpec:
    """A mount with an absolute source and a target that covers nothing of evaldock's. Raises MountError."""
    if source.startswith(("~", ".")):
        source = os.path.abspath(os.path.expanduser(source))
    if not source.startswith("/"):
        raise MountError(f"{where}: '{source}' is a named volume; give a host directory such as /data or ./data")
    if not target.startswith("/"):
        raise MountError(f"{where}: the place in the container must start with /")
    target = posixpath.normpath("/" + target.lstrip("/"))
    if target in ("/", RESULTS_PATH, OWN_ROOT) or target.startswith(OWN_ROOT + "/"):
        raise MountError(f"{where}: {target} in the container is needed by evaldock itself")
    return MountSpec(source, target, read_only)


def twice(mounts: Iterable[MountSpec]) -> str | None:
    """A place in the container that two mounts want, None when all differ."""
    seen: set[str] = set()
    for mount in mounts:
        if mount.target in seen:
            return mount.target
        seen.add(mount.target)
    return None
