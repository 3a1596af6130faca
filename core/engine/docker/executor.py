"""The Docker executor: containers that write their own log, and a wait that does not believe what it is told."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import docker.errors
import requests.exceptions

from ...plan.container import (
    LABEL_ATTEMPT,
    LABEL_INVOCATION,
    LABEL_JOB,
    LABEL_LOG,
    LABEL_RUN_DIR,
    LOG_BY_DOCKER,
    container_name,
    container_shape,
    image_reference,
)
from ...plan.isolation import OWN_NETWORKS
from ...plan.spec import JobSpec
from ...run.events import Reason
from ..executor import (
    About,
    Attempt,
    Cancelled,
    ExecutorUnavailable,
    Exit,
    FoundContainer,
    ImageFacts,
    JobProblem,
    Pulling,
    Usage,
)
from .address import host_addresses
from .chown import chown_through_daemon, owner_for
from .client import Clients, ignoring
from .create import create_arguments, helper_labels, memory_share, run_dir_label
from .errors import before_the_log, create_problem, unavailable
from .fence import fence_of, make_fence
from .figures import cgroup_files, read_figures
from .image import image_facts
from .logs import LogCollector, is_empty, last_words, open_log
from .network import addresses_of, ensure_network
from .ownership import drop_devices, give_back, is_handed_back
from .pull import Puller

_HINT = 5.0  # seconds that one wait call may last: the longest that a leaving engine is held up
_FRESH = 2.0  # seconds for which jobs that start together need not each ask for the same image
_DOWN = 0.25  # seconds between looks for a daemon that is away
_DULL = 0.05  # a hint that comes sooner, of a container that has not ended, was none
_SIGNAL_CODES = (137, 143)


class DockerExecutor:
    """Runs jobs on the Docker Engine that the user's environment points at."""

    def __init__(self) -> None:
        self._clients = Clients()
        self._puller = Puller(self._clients.get, lambda: self._clients.where)
        self._about: About | None = None
        self._memory: int | None = None
        self._images: dict[str, ImageFacts] = {}
        self._seen: dict[str, tuple[float, str]] = {}
        self._doubtful: set[str] = set()
        self._shells: dict[str, bool] = {}
        self._shellless: set[str] = set()
        self._fenced: set[str] = set()
        self._logs: dict[str, int] = {}
        self._cgroups: dict[str, tuple[Any, Any] | None] = {}

    @property
    def where(self) -> str:
        """Where the daemon is, for messages."""
        return self._clients.where

    def check(self) -> About:
        """`Docker 27.3 at unix:///var/run/docker.sock`. Raises ExecutorUnavailable."""
        if self._about is None:
            with self._clients.outage_to_unavailable():
                version = self._clients.get().version()
            platform = f"{version.get('Os', '')}/{version.get('Arch', '')}"
            self._about = About("Docker", str(version.get("Version") or ""), self.where, platform)
        return self._about

    def present(self, job: JobSpec, pull: str) -> str | None:
        """The id of the job's image when it is here and `pull` does not ask for a fresh one."""
        found = self._image_id(image_reference(job))
        if found is None and job.image_id:
            raise JobProblem(
                Reason.IMAGE_NOT_FOUND,
                f"{job.image} as it was ({job.image_id[:19]}) is not on this machine any more, and no registry has it.",
            )
        if found is None and pull == "never":
            raise create_problem("no such image", job.image)
        return None if pull == "always" and not job.image_id else found

    def prepare(self, job: JobSpec, pull: str, progress: Callable[[Pulling], None], stop: Callable[[], bool]) -> str:
        """Pull the image, shared with other jobs that wait for it."""
        self._puller.pull(image_reference(job), progress, stop)
        found = self._image_id(image_reference(job))
        if found is None:
            raise create_problem("no such image", job.image)
        return found

    def create(self, attempt: Attempt, env: Mapping[str, str]) -> None:
        """Make the container. A half-made one of the same attempt is ours alone, and is replaced."""
        name = container_name(attempt.job, attempt.number)
        image = image_reference(attempt.job)
        with self._clients.outage_to_unavailable():
            ensure_network(self._clients.get(), attempt.job.docker.network or "")
        memory, fence = self._memory_share(attempt.job), self._fence(name, attempt)
        about = self.image(self._image_id(image) or "")
        more: dict[str, Any] = {"memory": memory, "fence": fence}
        self._create(name, create_arguments(attempt, env, self._clients.get(), about, **more), attempt)
        if image not in self._shells:
            self._shells[image] = self._has_shell(name)
        if not self._shells[image]:
            self._remove(name)
            self._await_gone(name)
            self._shellless.add(name)
            # Before anything of the image's runs.
            self._logs[name] = open_log(attempt.paths.stdout)
            arguments = create_arguments(attempt, env, self._clients.get(), about, shell=False, **more)
            self._create(name, arguments, attempt)

    def _fence(self, name: str, attempt: Attempt) -> str:
        """The container that holds the network of a strict task, "" for none."""
        options = container_shape(attempt.job, run_dir_label(attempt), attempt.number).options
        if attempt.job.isolation != "strict" or attempt.door is None or options.network not in OWN_NETWORKS:
            return ""
        self._fenced.add(name)
        with self._clients.outage_to_unavailable():
            make_fence(self._clients.get(), name, attempt.door, options, helper_labels(attempt))
        return fence_of(name)

    def _memory_share(self, job: JobSpec) -> int | None:
        if job.isolation == "off" or job.resources.memory:
            return None
        if self._memory is None:
            with self._clients.outage_to_unavailable():
                self._memory = int(self._clients.get().info().get("MemTotal") or 0)
        return memory_share(self._memory)

    def _create(self, name: str, arguments: dict[str, Any], attempt: Attempt) -> None:
        for last in (False, True):
            try:
                with self._clients.outage_to_unavailable():
                    self._clients.get().create_container(name=name, **arguments)
                return
            except docker.errors.DockerException as error:
                if last or not ignoring(409)(error):
                    said = str(getattr(error, "explanation", None) or error)
                    raise create_problem(said, attempt.job.image) from None
                self._remove(name)
                self._await_gone(name)

    def _has_shell(self, name: str) -> bool:
        # The init of a container hides that its program is missing: asking for the file is the only way to know.
        with self._clients.outage_to_unavailable():
            client = self._clients.get()
            url = client._url("/containers/{0}/archive", name)
            return client.head(url, params={"path": "/bin/sh"}, timeout=30).status_code != 404

    def start(self, name: str) -> None:
        """Start a created container; one that runs already is fine."""
        if name in self._doubtful:
            state = self._state(name)
            if state is not None and state["Status"] != "created":
                return  # an earlier call that was answered into the void
        # A second start of a container that has ended meanwhile would run it twice.
        self._doubtful.add(name)
        try:
            with self._clients.outage_to_unavailable():
                self._clients.get().start(name)
        except docker.errors.APIError as error:
            raise create_problem(str(error.explanation or error), name) from None
        self._doubtful.discard(name)

    def wait(
        self,
        attempt: Attempt,
        abandon: Callable[[], bool],
        down: Callable[[bool], None],
        signalled: Callable[[], bool],
    ) -> Exit | None:
        """See Executor.wait. The wait call and its end are hints only: what `inspect` says is the truth."""
        name = container_name(attempt.job, attempt.number)
        collector = self._collector(name, attempt)
        try:
            return self._await_end(attempt, collector, abandon, down, signalled)
        finally:
            if collector is not None:
                collector.leave()

    def _collector(self, name: str, attempt: Attempt) -> LogCollector | None:
        if name not in self._shellless:
            return None
        fd = self._logs.pop(name, None)
        # A container that an earlier engine started has never had the directory of its log.
        return LogCollector(self._clients.get, name, open_log(attempt.paths.stdout) if fd is None else fd)

    def _await_end(
        self,
        attempt: Attempt,
        collector: LogCollector | None,
        abandon: Callable[[], bool],
        down: Callable[[bool], None],
        signalled: Callable[[], bool],
    ) -> Exit | None:
        name = container_name(attempt.job, attempt.number)
        outage = away = False
        while not abandon():
            try:
                began = time.monotonic()
                self._hint(name)
                if abandon():
                    break
                state = self._state(name)
                if away:
                    away = False
                    down(False)
                if state is None:
                    return None
                if state["Status"] in ("exited", "dead"):
                    code = int(state["ExitCode"])
                    unexplained = code in _SIGNAL_CODES and not signalled()
                    outage = outage or (unexplained and self._daemon_is_going())
                    if collector is not None:
                        collector.finish(signalled)
                    error = str(state.get("Error") or "")
                    silent = code != 0 and is_empty(attempt.paths.stdout)
                    if silent and not error:
                        error = self._before_the_log(name, attempt)
                    return Exit(code, bool(state.get("OOMKilled")), error, outage, silent)
                if time.monotonic() - began < _DULL:
                    time.sleep(_DULL)
            except ExecutorUnavailable:
                if not away:
                    outage = away = True
                    down(True)
                time.sleep(_DOWN)
        raise Cancelled

    def _before_the_log(self, name: str, attempt: Attempt) -> str:
        """What a container told Docker alone, as its own log is empty: added to that log, and as a sentence."""
        with contextlib.suppress(JobProblem, docker.errors.APIError, OSError):
            with self._clients.outage_to_unavailable():
                said = last_words(self._clients.get(), name, attempt.paths.stdout)
            about = self.image(self._image_id(image_reference(attempt.job)) or "")
            made, runs = about.architecture if about else "", self.check().architecture
            return before_the_log(said, attempt.job.image, made, runs)
        return ""

    def stop(self, name: str, grace: float) -> None:
        """TERM to the whole process group (by the container's init), KILL after `grace` seconds."""
        self._act(lambda client: client.stop(name, timeout=max(0, round(grace))))

    def kill(self, name: str) -> None:
        """KILL."""
        self._act(lambda client: client.kill(name))

    def remove(self, name: str) -> None:
        """Remove with its anonymous volumes and the network that was made for it, whatever it does."""
        self._remove(name)
        if name in self._fenced:
            self._remove(fence_of(name))
            self._fenced.discard(name)
        self._cgroups.pop(name, None)
        self._doubtful.discard(name)
        self._shellless.discard(name)
        if (fd := self._logs.pop(name, None)) is not None:
            os.close(fd)

    def _remove(self, name: str) -> None:
        self._act(lambda client: client.remove_container(name, force=True, v=True))

    def find(self, invocation: str | None) -> Sequence[FoundContainer]:
        """All containers of one invocation (None: of all), whoever started them."""
        label = LABEL_INVOCATION if invocation is None else f"{LABEL_INVOCATION}={invocation}"
        with self._clients.outage_to_unavailable():
            rows = self._clients.get().containers(all=True, filters={"label": label})
        names = {str(row["Names"][0]).lstrip("/") for row in rows}
        self._fenced |= {name for name in names if fence_of(name) in names}
        found: list[FoundContainer] = []
        for row in rows:
            labels: dict[str, str] = row.get("Labels") or {}
            state = str(row.get("State"))
            if state == "removing" or not labels.get(LABEL_ATTEMPT, "").isdigit():
                continue
            status = "created" if state == "created" else "exited" if state in ("exited", "dead") else "running"
            name = str(row["Names"][0]).lstrip("/")
            job = labels.get(LABEL_JOB, "")
            # An image may bring such labels along, but no container chooses its name.
            if not name.startswith(f"evaldock-{job.replace('.', '-')}-"):
                continue
            # The network of a container is removed with it.
            if any(fence_of(one) == name for one in self._fenced):
                continue
            if labels.get(LABEL_LOG) == LOG_BY_DOCKER:
                self._shellless.add(name)
            found.append(FoundContainer(job, int(labels[LABEL_ATTEMPT]), name, status, labels.get(LABEL_RUN_DIR, "")))
        return found

    def sample(self, name: str) -> Usage | None:
        """CPU and memory from the cgroup, None where the daemon's host is not this one."""
        files = self._cgroups.get(name)
        if files is None:
            state = self._state(name)
            pid = int(state["Pid"]) if state else 0
            files = cgroup_files(pid) if pid else None
            if files is not None:
                self._cgroups[name] = files
        return read_figures(files) if files else None

    def host_addresses(self, networks: Collection[str]) -> Mapping[str, str]:
        """See Executor.host_addresses: on Linux, the addresses of the bridges that Docker made."""
        with self._clients.outage_to_unavailable():
            return host_addresses(self._clients.get(), networks)

    def client_addresses(self, attempt: Attempt) -> Sequence[str]:
        """See Executor.client_addresses."""
        name = container_name(attempt.job, attempt.number)
        with self._clients.outage_to_unavailable():
            return addresses_of(self._clients.get(), fence_of(name) if name in self._fenced else name)

    def hand_back(self, attempt: Attempt) -> None:
        """Make the invoking user own what the container left: as root at once, else through a container of ours."""
        paths = attempt.paths
        if is_handed_back(paths):
            return
        if os.geteuid() == 0:
            give_back(paths)
        else:
            with self._clients.outage_to_unavailable():
                self._chown(attempt)
        drop_devices(paths)
        if not is_handed_back(paths):
            raise JobProblem(
                Reason.START_FAILED,
                f"Some files still belong to the container's user: sudo chown -R $USER {paths.root}",
            )

    def _chown(self, attempt: Attempt) -> None:
        client = self._clients.get()
        name = f"{container_name(attempt.job, attempt.number)}-owner"
        folders = (attempt.paths.artifacts, attempt.paths.logs)
        chown_through_daemon(client, name, folders, helper_labels(attempt), owner_for(client))

    def _act(self, call: Callable[[Any], object]) -> None:
        # 304, 404 and 409 all mean that it is so already, or soon will be.
        try:
            with self._clients.outage_to_unavailable():
                call(self._clients.get())
        except docker.errors.APIError as error:
            if not ignoring(304, 404, 409)(error):
                raise unavailable(error, self.where) from None

    def _hint(self, name: str) -> None:
        # Lies in known ways: 0 at once for a created container, 137 for a removed one, any error with a dead daemon.
        try:
            self._clients.get().wait(name, timeout=_HINT)
        except (requests.exceptions.RequestException, docker.errors.DockerException):
            return

    def _state(self, name: str) -> dict[str, Any] | None:
        try:
            with self._clients.outage_to_unavailable():
                return self._clients.get().inspect_container(name)["State"]
        except docker.errors.NotFound:
            return None
        except docker.errors.APIError as error:
            raise unavailable(error, self.where) from None

    def _daemon_is_going(self) -> bool:
        # A daemon on its way down ends its containers first and answers for a moment longer.
        for _ in range(5):
            time.sleep(0.2)
            try:
                self._clients.get().ping()
            except (requests.exceptions.RequestException, docker.errors.DockerException):
                return True
        return False

    def image(self, image_id: str) -> ImageFacts | None:
        """What `inspect` says of an image; asked once, as the image of an id never changes."""
        if image_id not in self._images:
            with contextlib.suppress(JobProblem):
                self._image_id(image_id)
        return self._images.get(image_id)

    def _image_id(self, image: str) -> str | None:
        looked, found_id = self._seen.get(image, (0.0, ""))
        if time.monotonic() - looked < _FRESH:
            return found_id
        try:
            with self._clients.outage_to_unavailable():
                found = image_facts(self._clients.get().inspect_image(image))
        except docker.errors.ImageNotFound:
            return None
        except docker.errors.APIError as error:
            raise create_problem(str(error.explanation or error), image) from None
        self._images[found.id] = found
        self._seen[image] = (time.monotonic(), found.id)
        return found.id

    def _await_gone(self, name: str) -> None:
        # Removal is asynchronous: the name stays taken for a moment.
        for _ in range(50):
            if self._state(name) is None:
                return
            time.sleep(0.05)
