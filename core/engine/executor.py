"""The seam between the engine and whatever runs containers.

Docker is the first executor. Nothing above this file may know Docker: a batch system fits behind the same calls.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ..base.errors import EvaldockError, ExitCode
from ..plan.spec import JobSpec
from ..run.events import Reason
from ..run.layout import JobPaths


class ExecutorUnavailable(EvaldockError):
    """The executor cannot be reached at all; the message says where it was looked for and what to do."""

    exit_code = ExitCode.DOCKER


class EngineBusy(EvaldockError):
    """Another engine owns the run."""


class JobProblem(EvaldockError):
    """A job that cannot go on, as a reason of the closed set and one sentence."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(detail)


def os_problem(error: OSError) -> JobProblem:
    """A failed write of ours."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return JobProblem(Reason.DISK_FULL, f"No disk space left at {error.filename or 'the run directory'}.")
    return JobProblem(Reason.START_FAILED, f"{os.strerror(error.errno or 0)}: {error.filename}")


class Cancelled(EvaldockError):
    """A step was given up because the job is to be killed."""


@dataclass(frozen=True)
class Attempt:
    """One attempt at a job: `number` counts from 1, `paths` is where its files are.

    `bypass` is a host that the container must reach without any HTTP proxy of its own, "" for none. `door` is the
    address and the port of the run's proxy, None where that is not on an address of this machine.
    """

    job: JobSpec
    number: int
    paths: JobPaths
    bypass: str = ""
    door: tuple[str, int] | None = None


@dataclass(frozen=True)
class Exit:
    """How a container ended. `error` is the executor's own text for one that never started properly.

    `outage` tells that the executor was out of reach while the container ended, `silent` that it has printed nothing.
    """

    code: int
    oom: bool = False
    error: str = ""
    outage: bool = False
    silent: bool = False


@dataclass(frozen=True)
class FoundContainer:
    """A container of evaldock's that exists already.

    `run_dir` is what it says to be the directory of its run, "" for nothing: to compare with a path, never to open.
    """

    job: str
    attempt: int
    name: str
    status: Literal["created", "running", "exited"]
    run_dir: str = ""


@dataclass(frozen=True)
class Usage:
    """Newest figures of one container: CPU seconds used so far, memory in bytes."""

    cpu_seconds: float
    memory: int


@dataclass(frozen=True)
class Pulling:
    """How far an image has come: in a few words, and in bytes downloaded of those known of (0: none yet)."""

    text: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class About:
    """Which executor it is: `Docker`, its version, and where it was reached.

    `architecture` is what it runs by itself, as `linux/amd64`; "" where that is not known.
    """

    name: str
    version: str = ""
    address: str = ""
    architecture: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version or '?'} at {self.address}"


@dataclass(frozen=True)
class ImageFacts:
    """An image as it is here: `digests` are `repository@sha256:...` of the registries it is known from, if any.

    `proxies` are the proxy variables, names and values, that its containers have by themselves.
    """

    id: str
    digests: tuple[str, ...] = ()
    created: str = ""
    architecture: str = ""
    version: str = ""
    revision: str = ""
    proxies: tuple[tuple[str, str], ...] = ()


class Executor(Protocol):
    """What the engine asks for. Every call may raise `ExecutorUnavailable`; all are safe from several threads."""

    def check(self) -> About:
        """What answers there; asked once, then remembered."""
        ...

    def prepare(self, job: JobSpec, pull: str, progress: Callable[[Pulling], None], stop: Callable[[], bool]) -> str:
        """Have the image ready and return its id. Raises JobProblem, or Cancelled once `stop()` is true."""
        ...

    def present(self, job: JobSpec, pull: str) -> str | None:
        """The image's id when no pull is needed."""
        ...

    def image(self, image_id: str) -> ImageFacts | None:
        """What is known of an image by its id; None when it is not here any more."""
        ...

    def create(self, attempt: Attempt, env: Mapping[str, str]) -> None:
        """Make the container, not started, under the name that `container_name` gives. Raises JobProblem."""
        ...

    def start(self, name: str) -> None:
        """Start it. Raises JobProblem."""
        ...

    def wait(
        self,
        attempt: Attempt,
        abandon: Callable[[], bool],
        down: Callable[[bool], None],
        signalled: Callable[[], bool],
    ) -> Exit | None:
        """Block until the attempt's container has ended: None when it was removed by somebody else.

        Survives outages, of which `down` is told. Raises Cancelled when `abandon()` turns true, leaving the container
        as it is. `signalled()` tells whether we asked the container to end.
        """
        ...

    def stop(self, name: str, grace: float) -> None:
        """Ask it to end, and end it after `grace` seconds. Ended or unknown containers are no error."""
        ...

    def kill(self, name: str) -> None:
        """End it now. Ended or unknown containers are no error."""
        ...

    def remove(self, name: str) -> None:
        """Remove it in any state. Unknown containers are no error."""
        ...

    def find(self, invocation: str | None) -> Sequence[FoundContainer]:
        """All containers of one invocation; of all of them when None."""
        ...

    def sample(self, name: str) -> Usage | None:
        """Newest figures, None when they are not to be had."""
        ...

    def host_addresses(self, networks: Collection[str]) -> Mapping[str, str]:
        """For each of `networks` ("" is the default one) the address of this machine that its containers can reach.

        A server for the containers, and for nobody else, listens on these. A network without one is left out.
        """
        ...

    def client_addresses(self, attempt: Attempt) -> Sequence[str]:
        """The addresses from which requests of the attempt's running container come; none where that is not known."""
        ...

    def hand_back(self, attempt: Attempt) -> None:
        """Give the files of the attempt to the invoking user. Raises JobProblem when that fails."""
        ...
