"""Connections to the Docker daemon: the user's context or DOCKER_HOST, one client a thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from .errors import is_outage, unavailable

ApiClient = Any
"""A `docker.APIClient`. Its published types leave most answers unknown, so strict checking has nothing to hold."""

_UNIX = "unix://"
BASE = "http+docker://localhost"  # what the library calls a Unix socket
_TIMEOUT = 60  # seconds for one answer; pulls, waits and stops bring their own


class Clients:
    """Hands out one API client per thread, since the HTTP session below is not documented to be thread-safe."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._version: str | None = None
        self.where = os.environ.get("DOCKER_HOST") or "the default socket"

    def get(self) -> ApiClient:
        """This thread's client. Raises ExecutorUnavailable."""
        client: ApiClient = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = self._connect()
        return client

    def _connect(self) -> ApiClient:
        import docker
        import docker.errors

        try:
            # from_env honours DOCKER_HOST and the docker context; a plain client would ignore contexts.
            found: ApiClient = docker.DockerClient.from_env(
                version=self._version, timeout=_TIMEOUT, use_context=True
            ).api
        except docker.errors.DockerException as error:
            raise unavailable(error, self.where) from None
        self._version = found.api_version
        self.where = _address(found.base_url)
        if found.base_url == BASE and self.where.startswith(_UNIX):
            from .quick import QuickRequests

            found.request = QuickRequests(self.where.removeprefix(_UNIX), found.request)
        return found

    @contextmanager
    def outage_to_unavailable(self) -> Generator[None]:
        """Turn a lost connection inside the block into ExecutorUnavailable."""
        try:
            yield
        except Exception as error:
            if is_outage(error):
                raise unavailable(error, self.where) from None
            raise


def _address(base_url: str) -> str:
    """Where a client is connected to, as the user would write it: the library hides the path of a Unix socket."""
    if base_url != BASE:
        return base_url
    from docker.context import ContextAPI

    context: Any = ContextAPI.get_current_context()
    return os.environ.get("DOCKER_HOST") or str(context.Host if context else "") or "unix:///var/run/docker.sock"


def ignoring(*statuses: int) -> Callable[[BaseException], bool]:
    """A test for Docker answers that mean `already so`."""

    def test(error: BaseException) -> bool:
        response = getattr(error, "response", None)
        return getattr(response, "status_code", None) in statuses

    return test
