"""Containers that run nothing but this machine's own programs, for what only the daemon may do."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any

import docker.errors

from .client import ApiClient

EMPTY_IMAGE = "evaldock/empty:1"
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/nix/store", "/gnu/store")
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin"
_MEMORY = 64 << 20
_PROCESSES = 8


def program(name: str) -> str | None:
    """Where this machine has program `name`; None where it has none of Linux's."""
    found = shutil.which(name, path=_PATH) if sys.platform == "linux" else None
    return os.path.realpath(found) if found else None


def make_container(
    client: ApiClient,
    name: str,
    command: Sequence[str],
    *,
    capabilities: Sequence[str],
    labels: Mapping[str, str],
    network: str = "none",
    places: Mapping[str, str] | None = None,
    **options: Any,
) -> None:
    """Make a container, in place of any of this name, that is root with `capabilities` and sees nothing but the
    system's programs, read-only, and `places` (host path -> path inside). Raises what the client does.

    `options` go to `create_host_config`.
    """
    from docker.types import Mount, Ulimit

    host = client.create_host_config(
        mounts=[
            *(Mount(place, place, type="bind", read_only=True) for place in _SYSTEM if os.path.isdir(place)),
            *(Mount(target, source, type="bind") for source, target in (places or {}).items()),
        ],
        network_mode=network,
        read_only=True,
        cap_drop=["ALL"],
        cap_add=list(capabilities),
        security_opt=["no-new-privileges"],
        mem_limit=_MEMORY,
        memswap_limit=_MEMORY,
        pids_limit=_PROCESSES,
        ulimits=[Ulimit(name="core", soft=0, hard=0)],
        **options,
    )
    with contextlib.suppress(docker.errors.APIError):
        client.remove_container(name, force=True, v=True)
    _ensure_empty_image(client)
    client.create_container(
        EMPTY_IMAGE,
        name=name,
        user="0:0",
        entrypoint=[command[0]],
        command=list(command[1:]),
        environment={"PATH": _PATH},
        host_config=host,
        labels=dict(labels),
        # Its program is the first process, which hears no SIGTERM: a daemon that stops need not wait for it.
        stop_signal="SIGKILL",
    )


def _ensure_empty_image(client: ApiClient) -> None:
    with contextlib.suppress(docker.errors.ImageNotFound):
        client.inspect_image(EMPTY_IMAGE)
        return
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w"):
        pass
    repository, _, tag = EMPTY_IMAGE.partition(":")
    client.import_image_from_data(packed.getvalue(), repository=repository, tag=tag)
