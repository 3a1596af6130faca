"""Changing the owner of files through the daemon, for a user who may talk to it and is not root.

The container for it runs nothing of the image whose files they are: that image may be hostile, and its `chown` would
run as root. It is made from an empty image and runs this machine's own `chown`, which is mounted read-only with its
libraries. So nothing has to be shipped for each architecture, and the other ways are worse: to start every task as the
invoking user breaks images whose working directory is root's, and the daemon's archive calls copy every byte.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import docker.errors

from .client import ApiClient
from .empty import make_container, program

_PATIENCE = 120  # seconds; a million files take about 10


def chown_through_daemon(
    client: ApiClient, name: str, folders: Sequence[Path], labels: Mapping[str, str], owner: str
) -> bool:
    """Give all below `folders` to `owner` (`uid:gid`), following no link; False where there is no way to.

    `name` and `labels` are the container's. The daemon has to be on this machine. Raises what the client does.
    """
    # Elsewhere files of containers belong to the user anyway.
    chown = program("chown")
    if chown is None:
        return False
    places = {str(folder): f"/{number}" for number, folder in enumerate(folders)}
    try:
        make_container(
            client,
            name,
            [chown, "-hR", owner, *places.values()],
            # Nobody but root can give files away, or look into a directory that is closed to all but its owner.
            capabilities=["CHOWN", "DAC_READ_SEARCH"],
            labels=labels,
            places=places,
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
