"""What can be asked of a Docker Engine before anything runs on it."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...config.model import Resources
from ..executor import ExecutorUnavailable
from .client import Clients
from .context import daemon_of
from .create import configured_proxies, past_proxies
from .errors import create_problem, pull_problem, unavailable
from .image import image_proxies

_PROCESSES = 512
_MEMORY = 512 << 20
_NO_LIMITS = Resources(pids=None)

LABEL_CHECK = "evaldock.check"


@dataclass(frozen=True)
class EngineFacts:
    """A Docker Engine. `arch` is Go's name (`amd64`), `root` where it keeps images on its own machine.

    `local` tells whether that machine is this one, `context` is "" unless the user chose one.
    """

    version: str
    where: str
    arch: str
    root: str
    local: bool
    context: str
    runtimes: tuple[str, ...]


@dataclass(frozen=True)
class LocalImage:
    """An image that is here. `size` is in bytes, `digest` the registry's (`sha256:...`), "" for one built here."""

    id: str
    arch: str
    size: int
    digest: str


@dataclass(frozen=True)
class RemoteImage:
    """An image as its registry describes it; `architectures` is empty when the registry does not say."""

    digest: str
    architectures: tuple[str, ...]


@dataclass(frozen=True)
class Ended:
    """How a one-shot container ended; `code` is None when it did not end in time."""

    code: int | None
    output: str


class Survey:
    """Asks one Docker Engine. All methods may be called from any thread and raise ExecutorUnavailable."""

    def __init__(self) -> None:
        self._clients = Clients()
        self._lock = threading.Lock()
        self._facts: EngineFacts | ExecutorUnavailable | None = None

    def facts(self) -> EngineFacts:
        """What it is and where; asked once, so that a daemon that is away is waited for once."""
        with self._lock:
            if self._facts is None:
                try:
                    self._facts = self._ask()
                except ExecutorUnavailable as error:
                    self._facts = error
            if isinstance(self._facts, ExecutorUnavailable):
                raise self._facts
            return self._facts

    def image(self, reference: str) -> LocalImage | None:
        """The image that is here under this name. Raises JobProblem for a name that is none."""
        import docker.errors

        try:
            with self._clients.outage_to_unavailable():
                found: dict[str, Any] = self._clients.get().inspect_image(reference)
        except docker.errors.ImageNotFound:
            return None
        except docker.errors.APIError as error:
            raise create_problem(str(error.explanation or error), reference) from None
        digests: list[str] = found.get("RepoDigests") or []
        return LocalImage(
            id=str(found.get("Id", "")),
            arch=str(found.get("Architecture", "")),
            size=int(found.get("Size") or 0),
            digest=digests[0].partition("@")[2] if digests else "",
        )

    def remote_image(self, reference: str) -> RemoteImage:
        """What the registry has under this name, without pulling it. Raises JobProblem."""
        import docker.errors

        try:
            with self._clients.outage_to_unavailable():
                found: dict[str, Any] = self._clients.get().inspect_distribution(reference)
        except docker.errors.DockerException as error:
            raise pull_problem(str(getattr(error, "explanation", None) or error), reference) from None
        platforms: list[dict[str, Any]] = found.get("Platforms") or []
        known = (str(platform.get("architecture", "")) for platform in platforms)
        descriptor: dict[str, Any] = found.get("Descriptor") or {}
        # Attestations are listed as images for the architecture `unknown`.
        architectures = tuple(dict.fromkeys(arch for arch in known if arch and arch != "unknown"))
        return RemoteImage(str(descriptor.get("digest", "")), architectures)

    def run_once(
        self,
        image: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout: float,
        network: str | None = None,
        extra_hosts: Sequence[str] = (),
        user: str | None = None,
        limits: Resources = _NO_LIMITS,
        lines: int = 20,
        bypass: str = "",
    ) -> Ended:
        """Run `command` in a container of a local image and remove it; the output are its last `lines`.

        `bypass` is a host that it reaches without a proxy, as jobs do, "" for none.

        It has no capability, a read-only root and at most 512 MiB and 512 processes, or less by `limits`.

        Raises JobProblem when it does not start.
        """
        import docker.errors
        from docker.types import Ulimit

        from .network import ensure_network

        client: Any = self._clients.get()
        ensure_network(client, network or "")
        # Docker refuses extra hosts for a container that borrows another one's network.
        borrowed = (network or "").startswith("container:")
        host = client.create_host_config(
            init=True,
            network_mode=network,
            extra_hosts=[] if borrowed else list(extra_hosts),
            # Whatever the job may do, this needs none of it.
            cap_drop=["ALL"],
            read_only=True,
            security_opt=["no-new-privileges"],
            pids_limit=min(limits.pids or _PROCESSES, _PROCESSES),
            mem_limit=min(limits.memory or _MEMORY, _MEMORY),
            memswap_limit=min(limits.memory or _MEMORY, _MEMORY),
            ulimits=[Ulimit(name="core", soft=0, hard=0)],
        )
        name = f"evaldock-check-{os.urandom(4).hex()}"
        try:
            with self._clients.outage_to_unavailable():
                given = {**dict(image_proxies(client.inspect_image(image))), **configured_proxies(client)}
                client.create_container(
                    image,
                    name=name,
                    entrypoint=list(command[:1]),
                    command=list(command[1:]),
                    environment=past_proxies(dict(env), given, bypass),
                    host_config=host,
                    user=user,
                    labels={LABEL_CHECK: "1"},
                )
                client.start(name)
                return self._ended(client, name, timeout, lines)
        except docker.errors.APIError as error:
            raise create_problem(str(error.explanation or error), image) from None
        finally:
            with contextlib.suppress(Exception):
                client.remove_container(name, force=True, v=True)

    def sees(self, image: str, folder: Path) -> bool:
        """Whether the daemon finds `folder`, which is here, on its own machine; nothing is started for it."""
        import docker.errors
        from docker.types import Mount

        client: Any = self._clients.get()
        host = client.create_host_config(mounts=[Mount("/evaldock-check", str(folder), type="bind", read_only=True)])
        name = f"evaldock-check-{os.urandom(4).hex()}"
        try:
            with self._clients.outage_to_unavailable():
                client.create_container(image, name=name, command=["true"], host_config=host, labels={LABEL_CHECK: "1"})
        except docker.errors.APIError as error:
            return "source path does not exist" not in str(error.explanation or error)
        finally:
            with contextlib.suppress(Exception):
                client.remove_container(name, force=True, v=True)
        return True

    def host_addresses(self, networks: Collection[str]) -> Mapping[str, str]:
        """As the executor's."""
        from .address import host_addresses

        with self._clients.outage_to_unavailable():
            return host_addresses(self._clients.get(), networks)

    def _ended(self, client: Any, name: str, timeout: float, lines: int) -> Ended:
        import requests.exceptions

        code: int | None = None
        with contextlib.suppress(requests.exceptions.ConnectionError, requests.exceptions.ReadTimeout):
            code = int(client.wait(name, timeout=timeout)["StatusCode"])
        output: bytes = client.logs(name, tail=lines)
        return Ended(code, output.decode("utf-8", "replace"))

    def _ask(self) -> EngineFacts:
        with self._clients.outage_to_unavailable():
            try:
                client: Any = self._clients.get()
                version: dict[str, Any] = client.version()
                info: dict[str, Any] = client.info()
            except ExecutorUnavailable:
                raise
            except Exception as error:
                # A proxy in front of the socket may refuse any of the two.
                import docker.errors

                if isinstance(error, docker.errors.DockerException):
                    raise unavailable(error, self._clients.where) from None
                raise
        where = self._clients.where
        return EngineFacts(
            version=str(version.get("Version", "?")),
            where=where,
            arch=str(version.get("Arch", "")),
            root=str(info.get("DockerRootDir", "")),
            local=where.startswith(("unix://", "http+unix://", "npipe://")),
            context=daemon_of().context,
            runtimes=tuple(info.get("Runtimes") or {}),
        )
