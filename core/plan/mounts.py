"""Host directories in a container: docker's two ways to write them, and what may not be covered."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable
from dataclasses import replace

from ..base.errors import EvaldockError
from ..config.model import MountSpec
from .spec import RESULTS_PATH

OWN_ROOT = "/evaldock"

_IGNORED = frozenset(("rw", "cached", "delegated", "consistent"))
_KEPT = frozenset(("z", "Z", "nocopy", "shared", "slave", "private", "rshared", "rslave", "rprivate"))
_VOLUME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]+")
_HOST = re.compile(r"\$(?:\{(HOME|PWD|USER)\}|(HOME|PWD|USER)\b)")
_READ_ONLY = frozenset(("ro", "readonly"))


class MountError(EvaldockError):
    """A mount that cannot be made; the message says which and why."""


def parse_volume(text: str) -> MountSpec:
    """`/host:/container[:ro]` of docker's `-v`. Raises MountError."""
    parts = text.split(":")
    if not 2 <= len(parts) <= 3 or not parts[0] or not parts[1]:
        raise MountError(f"--volume {text}: write /host/dir:/container/dir or /host/dir:/container/dir:ro")
    options = set(parts[2].split(",")) if len(parts) == 3 else set[str]()
    if unknown := options - _IGNORED - _READ_ONLY - _KEPT:
        raise MountError(f"--volume {text}: the option {', '.join(sorted(unknown))} is not one of docker's")
    mount = checked_mount(parts[0], parts[1], bool(options & _READ_ONLY), f"--volume {text}")
    return replace(mount, options=tuple(sorted(options & _KEPT)))


def parse_mount(text: str) -> MountSpec:
    """`type=bind,source=/host,target=/container[,readonly]` of docker's `--mount`. Raises MountError."""
    fields: dict[str, str] = {}
    names = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly"}
    for item in text.split(","):
        key, _, value = item.partition("=")
        fields[names.get(key.strip(), key.strip())] = value
    kind = fields.pop("type", "volume")
    if kind not in ("bind", "volume"):
        raise MountError(f"--mount {text}: type is bind, volume or tmpfs")
    source, target = fields.pop("source", ""), fields.pop("target", "")
    read_only = fields.pop("readonly", "false") in ("", "true", "1")
    if fields:
        raise MountError(f"--mount {text}: {', '.join(sorted(fields))} is not supported")
    if not source or not target:
        raise MountError(f"--mount {text}: source and target are both needed")
    mount = checked_mount(source, target, read_only, f"--mount {text}")
    if mount.is_volume != (kind == "volume"):
        raise MountError(f"--mount {text}: type=bind wants a directory, type=volume the name of a volume")
    return mount


def checked_mount(source: str, target: str, read_only: bool, where: str) -> MountSpec:
    """A mount of a directory or a volume, and a target that covers nothing of evaldock's. Raises MountError."""
    source = _HOST.sub(lambda found: os.environ.get(found[1] or found[2], found[0]), source)
    if source.startswith(("~", ".")):
        source = os.path.abspath(os.path.expanduser(source))
    if not source.startswith("/") and not _VOLUME.fullmatch(source):
        raise MountError(f"{where}: '{source}' is neither a host directory, such as /data or ./data, nor a volume")
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
