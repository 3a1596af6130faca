"""Changing the owner of files through the daemon, for a user who may talk to it and is not root.

The container for it runs nothing of the image whose files they are: that image may be hostile, and its `chown` would
run as root. It is made from an empty image and runs this machine's own `chown`, which is mounted read-only with its
libraries. So nothing has to be shipped for each architecture, and the other ways are worse: to start every task as the
invoking user breaks images whose working directory is root's, and the daemon's archive calls copy every byte.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import docker.errors
from docker.types import Mount

from .client import ApiClient

EMPTY_IMAGE = "evaldock/empty:1"
_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/lib32", "/nix/store", "/gnu/store")
_PATIENCE = 120  # seconds; a million files take about 10
_MEMORY = 64 << 20
_PROCESSES = 8


def chown_through_daemon(
    client: ApiClient, name: str, folders: Sequence[Path], labels: Mapping[str, str], owner: str
) -> bool:
    """Give all below `folders` to `owner` (`uid:gid`), following no link; False where there is no way to.

    `name` and `labels` are the container's. The daemon has to be on this machine. Raises what the client does.
    """
    program = _program()
    if program is None:
        return False
    places = {str(folder): f"/{number}" for number, folder in enumerate(folders)}
    host = client.create_host_config(
        mounts=[
            *(Mount(place, place, type="bind", read_only=True) for place in _SYSTEM if os.path.isdir(place)),
            *(Mount(target, source, type="bind") for source, target in places.items()),
        ],
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        # Nobody but root can give files away, or look into a directory that is closed to all but its owner.
        cap_add=["CHOWN", "DAC_READ_SEARCH"],
        security_opt=["no-new-privileges"],
        mem_limit=_MEMORY,
        memswap_limit=_MEMORY,
        pids_limit=_PROCESSES,
    )
    with contextlib.suppress(docker.errors.APIError):
        client.remove_container(name, force=True, v=True)
    try:
        _ensure_empty_image(client)
        client.create_container(
            EMPTY_IMAGE,
            name=name,
            user="0:0",
            entrypoint=[program],
            command=["-hR", owner, *places.values()],
            host_config=host,
            labels=dict(labels),
        )
        client.start(name)
        return int(client.wait(name, timeout=_PATIENCE)["StatusCode"]) == 0
    except docker.errors.APIError:
        return False
    finally:
        with contextlib.suppress(docker.errors.APIError):
            client.remove_container(name, force=True, v=True)


def owner_for(client: ApiClient) -> str:
    """The invoking user as the daemon's containers number it: in a rootless one that is their root."""
    options: list[str] = client.info().get("SecurityOptions") or []
    return "0:0" if "name=rootless" in options else f"{os.getuid()}:{os.getgid()}"


def _program() -> str | None:
    # Elsewhere files of containers belong to the user anyway, and this machine's programs are none of Linux.
    found = shutil.which("chown", path="/usr/bin:/bin:/run/current-system/sw/bin") if sys.platform == "linux" else None
    return os.path.realpath(found) if found else None


def _ensure_empty_image(client: ApiClient) -> None:
    with contextlib.suppress(docker.errors.ImageNotFound):
        client.inspect_image(EMPTY_IMAGE)
        return
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w"):
        pass
    repository, _, tag = EMPTY_IMAGE.partition(":")
    client.import_image_from_data(packed.getvalue(), repository=repository, tag=tag)
