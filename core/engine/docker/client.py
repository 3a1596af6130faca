"""Connections to the Docker daemon: the user's context or DOCKER_HOST, one client a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from ..executor import ExecutorUnavailable
from .context import Daemon, NoSuchContext, daemon_of
from .errors import is_outage, unavailable

ApiClient = Any
"""A `docker.APIClient`. Its published types leave most answers unknown, so strict checking has nothing to hold."""

_TIMEOUT = 60  # seconds for one answer; pulls, waits and stops bring their own


class Clients:
    """Hands out one API client per thread, since the HTTP session below is not documented to be thread-safe."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._version: str | None = None
        self.where = ""

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
            daemon = daemon_of()
        except NoSuchContext as error:
            raise ExecutorUnavailable(str(error)) from None
        self.where = daemon.where
        try:
            found: ApiClient = docker.DockerClient(version=self._version, timeout=_TIMEOUT, **_options(daemon)).api
        except docker.errors.DockerException as error:
            raise unavailable(error, self.where) from None
        self._version = found.api_version
        if daemon.socket:
            # Proxies and netrc are no matter of a socket, and looking for them is a quarter of a call's time.
            found.trust_env = False
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


def _options(daemon: Daemon) -> dict[str, Any]:
    """What the library has to be told to talk to `daemon`."""
    import docker.tls
    import docker.utils

    if not daemon.context:
        return dict(docker.utils.kwargs_from_env())
    options: dict[str, Any] = {"base_url": daemon.host} if daemon.host else {}
    if daemon.ca or daemon.cert or not daemon.verify:
        pair = (daemon.cert, daemon.key) if daemon.cert and daemon.key else None
        options["tls"] = docker.tls.TLSConfig(client_cert=pair, ca_cert=daemon.ca or None, verify=daemon.verify)
    return options


def ignoring(*statuses: int) -> Callable[[BaseException], bool]:
    """A test for Docker answers that mean `already so`."""

    def test(error: BaseException) -> bool:
        response = getattr(error, "response", None)
        return getattr(response, "status_code", None) in statuses

    return test
