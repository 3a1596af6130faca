"""The run's proxy from the engine's side: what containers are told instead of the endpoint and its key."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast
from urllib.parse import urlsplit

from ..config.model import EnvValue, Tree
from ..plan.adapter import adapter_behind_proxy
from ..plan.command import NEMO_COMMAND
from ..plan.endpoint import HOST_ALIAS
from ..plan.environ import api_key_ref
from ..plan.spec import EnvRef, JobSpec
from ..plan.trees import copied, text_at, tree_at
from ..proxy.process import ProxyHandle, ProxyStartError, ensure_key, find_proxy, job_token, start_proxy
from ..proxy.saved import live_figures, newest_figures
from ..results.model import RequestCounts
from ..run.events import JobState, Reason
from ..run.state import RunState
from ..run.store import Run
from .outcome import Stop

log = logging.getLogger("evaldock.engine")

_LOOPBACK = "127.0.0.1"
_AT_WORK = (JobState.STARTING, JobState.RUNNING, JobState.STOPPING)


@dataclass(frozen=True)
class Seen:
    """What the proxy saw of an attempt; `stop` when it found that the attempt cannot succeed."""

    counts: RequestCounts
    stop: Stop | None = None


class Gateway:
    """One proxy for all jobs of a run. The real keys go to it through a pipe; containers get a token of their own.

    `addresses` are those of this machine that containers can reach, by the name of their network ("" is the default
    one); a network without one reaches this machine by `HOST_ALIAS` at best. `notice` takes sentences for the user.
    """

    def __init__(
        self, run: Run, env: Mapping[str, str], addresses: Mapping[str, str], notice: Callable[[str], None]
    ) -> None:
        self._run = run
        self._env = env
        self._addresses = addresses
        self._notice = notice
        self._lock = threading.Lock()
        self._attempts: dict[str, int] = {}
        self._clients: dict[str, tuple[str, ...]] = {}
        self._told: dict[tuple[str, int], Tree] = {}
        self._handle: ProxyHandle | None = None
        self._living = False
        self._sick = False
        self._token_key = ""

    def open(self, attempts: Mapping[str, int]) -> None:
        """Start the proxy for what runs (job id -> attempt), or go on with the one that lives. Raises ProxyStartError.

        It is up soon, not at once: requests that come before that wait.
        """
        with self._lock:
            self._attempts = dict(attempts)
            self._token_key = ensure_key(self._run.paths.root)
            self._living = find_proxy(self._run.paths.root) is not None
            self._handle = self._start(wait=False)

    def add(self, job: str, attempt: int) -> None:
        """An attempt is about to begin."""
        with self._lock:
            if self._attempts.get(job) != attempt:
                self._attempts[job] = attempt
                self._clients.pop(job, None)
                self._tell()

    def admit(self, job: str, clients: Sequence[str]) -> None:
        """From now on a job's token is good for these addresses or networks only: those of its container."""
        with self._lock:
            if job in self._attempts and self._clients.get(job) != tuple(clients):
                self._clients[job] = tuple(clients)
                self._told.pop((job, self._attempts[job]), None)
                self._tell()

    def detach(self, job: str, attempt: int) -> Seen | None:
        """An attempt has ended: what was seen of it last, None when nothing was. Repeatable."""
        with self._lock:
            if self._attempts.get(job) != attempt:
                return None
            del self._attempts[job]
            self._clients.pop(job, None)
            left = self._tell().get(job)
            if left is None:
                # The proxy has just died; what it wrote a second ago is what is left.
                root = self._run.paths.root
                spec = self._run.job(job, attempt)
                saved, _ = newest_figures(root, job, self._run.paths.job(spec.dir_name).root, attempt)
                left = {**saved, "gaps": _number(saved, "gaps") + 1} if saved is not None else None
        return seen_of(left) if left is not None else None

    def maintain(self) -> None:
        """Give the run a new proxy when it has lost its own. To be called often; looks at a lock and no more."""
        with self._lock:
            if self._handle is None or self._handle.alive():
                return
            self._notice("The run's proxy is gone; requests fail until a new one listens, in a moment.")
            self._revive()

    def stop(self) -> None:
        """Every job has ended."""
        with self._lock:
            if self._handle is not None:
                self._handle.stop()
                self._handle = None

    def wired(self, job: JobSpec, attempt: int) -> JobSpec:
        """`job` as the container of an attempt is to see it: the proxy's URL, and a token where the key would be."""
        run_config = cast(Tree, copied(job.run_config))
        endpoint = tree_at(run_config, "target", "api_endpoint")
        direct = str(endpoint.get("url", ""))
        endpoint["url"] = url = self._url(job)
        if job.command == NEMO_COMMAND:
            endpoint["adapter_config"] = adapter_behind_proxy(job.adapter)
        token = EnvValue("lit", job_token(self._token_key, job.id, attempt))
        key = _told_as(job)
        env = tuple(
            replace(ref, value=token, secret=True) if self._stands_for(ref, key, job) else ref for ref in job.env
        )
        command = tuple(part.replace(direct, url) if direct else part for part in job.command)
        return replace(job, run_config=run_config, env=env, command=command)

    def host(self, job: JobSpec) -> str:
        """This machine, as the job's container knows it."""
        return proxy_host(job, self._addresses)

    def door(self, job: JobSpec) -> tuple[str, int] | None:
        """Where the job's container finds the proxy, if that is an address of this machine."""
        address = self._addresses.get(job.docker.network or "")
        return (address, self._handle.port) if address is not None and self._handle is not None else None

    def hears(self, job: JobSpec) -> bool:
        """Whether requests of the job come from its container's own address."""
        return (job.docker.network or "") in self._addresses

    def figures(self) -> dict[str, Any]:
        """What the proxy wrote last: `jobs` by id, and what it says of the endpoint."""
        return live_figures(self._run.paths.root)

    def live(self) -> dict[str, Any]:
        """The newest figures, by job id."""
        return jobs_of(self.figures())

    def _tell(self) -> dict[str, Tree]:
        """Tell the proxy its jobs; the figures of those that left. A proxy that has died is replaced."""
        if self._handle is None:
            return {}
        try:
            return self._handle.update(self._specs())
        except ProxyStartError as error:
            log.warning("%s", error)
            self._revive()
            return {}

    def _revive(self) -> None:
        assert self._handle is not None
        port, self._living = self._handle.port, False
        try:
            self._handle = self._start(wait=True)
        except ProxyStartError as error:
            if not self._sick:
                self._notice(str(error))
            self._sick = True
            return
        self._sick = False
        if self._handle.port != port:
            self._notice(
                f"Port {port} of the run's proxy is now used by another program: running tasks can no longer reach it."
            )

    def _start(self, *, wait: bool) -> ProxyHandle:
        self._told.clear()  # whether a key is told depends on whether the proxy is new
        listen = listening(self._addresses)
        return start_proxy(self._run.paths.root, self._specs(), listen, env=self._env, wait=wait)

    def _url(self, job: JobSpec) -> str:
        assert self._handle is not None
        return proxied_url(job, self._handle.port, self._addresses)

    def _stands_for(self, ref: EnvRef, key: EnvRef | None, job: JobSpec) -> bool:
        """Whether the container is to get the token as this variable."""
        if key is None:
            return False
        kind, source = key.value.kind, key.value.source
        if ref is key:
            # Left as it is, a variable that is not set fails the job before it starts.
            return kind != "host" or source in self._env or self._living
        # A harness of one's own may want the key under another name; NeMo's are told the name.
        return job.command != NEMO_COMMAND and kind != "lit" and ref.value == key.value

    def _specs(self) -> dict[str, object]:
        for job, attempt in self._attempts.items():
            if (job, attempt) not in self._told:
                self._told[job, attempt] = self._spec(self._run.job(job, attempt))
        self._told = {key: self._told[key] for key in self._attempts.items()}
        return {job: spec for (job, _), spec in self._told.items()}

    def _spec(self, job: JobSpec) -> Tree:
        spec: Tree = {
            "token": job_token(self._token_key, job.id, self._attempts[job.id]),
            "upstream": job.url,
            "task": job.task,
            "dir": str(self._run.paths.job(job.dir_name).root),
            "samples": job.expected,
            "repeat": job.repeat,
            "model_id": job.model_id,
            "attempt": self._attempts[job.id],
            "adapter": job.adapter,
            "options": asdict(job.requests),
            "endpoint_type": job.endpoint_type,
            "models": models_of(job),
            "allow": {name: list(given) for name, given in asdict(job.requests.allow).items()},
        }
        if (clients := self._clients.get(job.id)) is not None:
            spec["clients"] = list(clients)
        key = api_key_ref(job)
        source = key.value if key is not None else None
        if source is not None and source.kind == "lit":
            spec["api_key"] = source.source
        elif source is not None:
            spec["key_name"] = source.source
            # A proxy that lives keeps the key that it has: this engine's shell may not know it.
            if source.source in self._env or not self._living:
                spec["api_key"] = self._env.get(source.source)
        return spec


def first_attempts(state: RunState, workers: int) -> dict[str, int]:
    """The attempts that run and those that `workers` threads start first: all others join when it is their turn."""
    open_jobs = [view for view in state.jobs.values() if not view.state.terminal]
    at_work = [view for view in open_jobs if view.state in _AT_WORK]
    waiting = [view for view in open_jobs if view.state not in _AT_WORK]
    return {view.id: view.attempt for view in [*at_work, *waiting[: max(0, workers - len(at_work))]]}


def listening(addresses: Mapping[str, str]) -> list[str]:
    """Where a proxy listens for the containers on these networks: loopback first."""
    return list(dict.fromkeys([_LOOPBACK, *addresses.values()]))


def proxy_host(job: JobSpec, addresses: Mapping[str, str]) -> str:
    """What the job's container has to call this machine, whose addresses are as of `Executor.host_addresses`."""
    network = job.docker.network or ""
    # On Docker's own network the alias is the bridge's address, and in a virtual machine the way out of it.
    return HOST_ALIAS if network in ("", "default", "bridge") else addresses.get(network, HOST_ALIAS)


def proxied_url(job: JobSpec, port: int, addresses: Mapping[str, str]) -> str:
    """The endpoint's URL as the job's container has to write it: a proxy on this machine that listens on `port`."""
    # The query stays in the proxy, which adds it again: there may be a key in it.
    return f"http://{proxy_host(job, addresses)}:{port}{urlsplit(job.url).path}"


def models_of(job: JobSpec) -> list[str]:
    """The models that a job may ask for: its own, and what its parameters name, as those of judges."""
    if not job.model_id:
        return []
    named = _texts_in(tree_at(job.run_config, "config", "params"))
    return list(dict.fromkeys((job.model_id, *named)))


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, dict):
        for inner in cast(Tree, value).values():
            yield from _texts_in(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _texts_in(inner)


def _told_as(job: JobSpec) -> EnvRef | None:
    """The variable that the harness is told to find its key in, also where the endpoint needs none."""
    name = text_at(job.run_config, "target", "api_endpoint", "api_key_name")
    return next((ref for ref in job.env if ref.name == name), None)


def jobs_of(figures: Mapping[str, object]) -> dict[str, Any]:
    """The part of the proxy's figures that tells of the jobs, by their ids."""
    jobs = figures.get("jobs")
    return cast("dict[str, Any]", jobs) if isinstance(jobs, dict) else {}


def stop_of(figures: Tree) -> Stop | None:
    """What the proxy says against going on with a job."""
    sentence = figures.get("fatal")
    if not isinstance(sentence, str):
        return None
    return Stop(Reason.UNAUTHORIZED if figures.get("fatal_reason") == "unauthorized" else Reason.INTERCEPTOR, sentence)


def seen_of(figures: Tree) -> Seen:
    """The proxy's figures as the counts that a score is judged by."""

    def tally(name: str) -> tuple[tuple[str, int], ...]:
        found = figures.get(name)
        pairs = cast("dict[str, int]", found) if isinstance(found, dict) else {}
        return tuple(sorted(pairs.items()))

    ok = _number(figures, "ok")
    counts = RequestCounts(
        ok + _number(figures, "failed"),
        ok,
        tally("by_status"),
        tally("finish_reasons"),
        answers=_number(figures, "answers"),
        unanswered=_number(figures, "unanswered"),
        gaps=_number(figures, "gaps"),
        refused=str(figures.get("refused") or ""),
        cancelled=_number(figures, "cancelled"),
        retried=_number(figures, "retried"),
        cached=_number(figures, "cached"),
        passed_over=_number(figures, "passed_over"),
        last_error=str(figures.get("last_error") or ""),
        cut=_number(figures, "cut") if "cut" in figures else None,
        empty=_number(figures, "empty"),
        thought=_number(figures, "thought"),
        unended=_number(figures, "unended"),
    )
    return Seen(counts, stop_of(figures))


def _number(figures: Tree, name: str) -> int:
    value = figures.get(name)
    return value if isinstance(value, int) else 0
