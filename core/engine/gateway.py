"""The run's proxy from the engine's side: what containers are told instead of the endpoint and its key."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlsplit

from ..config.model import EnvValue, Tree
from ..plan.endpoint import HOST_ALIAS
from ..plan.environ import api_key_ref
from ..plan.spec import JobSpec
from ..plan.trees import copied, tree_at
from ..proxy.process import ProxyHandle, ProxyStartError, ensure_key, find_proxy, job_token, start_proxy
from ..results.model import RequestCounts
from ..run.atomic import read_head
from ..run.store import Run

log = logging.getLogger("evaldock.engine")

_LIMIT = 1 << 22


class Gateway:
    """One proxy for all jobs of a run. The real keys go to it through a pipe; containers get a token of their own."""

    def __init__(self, run: Run, env: Mapping[str, str], addresses: Sequence[str]) -> None:
        self._run = run
        self._env = env
        self._addresses = addresses
        self._lock = threading.Lock()
        self._attempts: dict[str, int] = {}
        self._handle: ProxyHandle | None = None
        self._living = False
        self._token_key = ""

    def open(self, attempts: Mapping[str, int]) -> None:
        """Start the proxy for these attempts (job id -> number), or go on with the one that lives. ProxyStartError."""
        with self._lock:
            self._attempts = dict(attempts)
            self._token_key = ensure_key(self._run.paths.root)
            self._living = find_proxy(self._run.paths.root) is not None
            self._handle = start_proxy(self._run.paths.root, self._specs(), self._addresses)

    def add(self, job: str, attempt: int) -> None:
        """A new attempt begins: its figures start from zero."""
        with self._lock:
            self._attempts[job] = attempt
            if self._handle is not None:
                self._handle.update(self._specs())

    def take_off(self, job: str) -> RequestCounts | None:
        """An attempt has ended: its last figures, None when there are none."""
        with self._lock:
            self._attempts.pop(job, None)
            if self._handle is None:
                return None
            try:
                left = self._handle.update(self._specs()).get(job)
            except ProxyStartError as error:
                log.warning("%s", error)
                left = self.live().get(job)
        return counts_of(left) if left is not None else None

    def stop(self) -> None:
        """Every job has ended."""
        with self._lock:
            if self._handle is not None:
                self._handle.stop()
                self._handle = None

    def wired(self, job: JobSpec) -> JobSpec:
        """`job` as its container is to see it: the proxy's URL, and the job's token where the key would be."""
        assert self._handle is not None
        run_config = cast(Tree, copied(job.run_config))
        endpoint = tree_at(run_config, "target", "api_endpoint")
        direct = str(endpoint.get("url", ""))
        endpoint["url"] = url = self._url(job)
        # The interceptors work in the proxy; a second pass inside the container would apply them twice.
        endpoint.pop("adapter_config", None)
        token = EnvValue("lit", job_token(self._token_key, job.id))
        name = str(endpoint.get("api_key_name", ""))
        env = tuple(replace(ref, value=token, secret=True) if ref.name == name else ref for ref in job.env)
        command = tuple(part.replace(direct, url) if direct else part for part in job.command)
        return replace(job, run_config=run_config, env=env, command=command)

    def figures(self) -> dict[str, Any]:
        """What the proxy wrote last: `jobs` by id, and what it says of the endpoint."""
        try:
            tree: object = json.loads(read_head(self._run.paths.root / "requests-live.json", _LIMIT) or b"{}")
        except ValueError:
            return {}
        return cast("dict[str, Any]", tree) if isinstance(tree, dict) else {}

    def live(self) -> dict[str, Any]:
        """The newest figures, by job id."""
        return jobs_of(self.figures())

    def _url(self, job: JobSpec) -> str:
        assert self._handle is not None
        return proxied_url(job, self._handle.port, self._addresses)

    def _specs(self) -> dict[str, object]:
        return {job: self._spec(self._run.job(job, attempt)) for job, attempt in self._attempts.items()}

    def _spec(self, job: JobSpec) -> Tree:
        spec: Tree = {
            "token": job_token(self._token_key, job.id),
            "upstream": job.url,
            "task": job.task,
            "dir": str(self._run.paths.job(job.dir_name).root),
            "samples": job.samples,
            "model_id": job.model_id,
            "attempt": self._attempts[job.id],
            "adapter": job.adapter,
        }
        ref = api_key_ref(job)
        if ref is not None and ref.value.kind == "lit":
            spec["api_key"] = ref.value.source
        elif ref is not None and ref.value.source in self._env:
            spec["api_key"] = self._env[ref.value.source]
        elif not self._living:
            # A living proxy keeps the key that it has: this engine's shell may not know it.
            spec["api_key"] = None
        return spec


def proxied_url(job: JobSpec, port: int, addresses: Sequence[str]) -> str:
    """The endpoint's URL as the job's container has to write it: a proxy on this machine, at `addresses` and `port`."""
    network = job.docker.network or ""
    if network == "host":
        host = "127.0.0.1"
    elif network.startswith("container:"):
        host = addresses[-1]
    else:
        host = HOST_ALIAS
    parts = urlsplit(job.url)
    query = f"?{parts.query}" if parts.query else ""
    return f"http://{host}:{port}{parts.path}{query}"


def jobs_of(figures: Mapping[str, object]) -> dict[str, Any]:
    """The part of the proxy's figures that tells of the jobs, by their ids."""
    jobs = figures.get("jobs")
    return cast("dict[str, Any]", jobs) if isinstance(jobs, dict) else {}


def counts_of(figures: Tree) -> RequestCounts:
    """The proxy's figures as the counts that a score is judged by."""

    def tally(name: str) -> tuple[tuple[str, int], ...]:
        found = figures.get(name)
        pairs = cast("dict[str, int]", found) if isinstance(found, dict) else {}
        return tuple(sorted(pairs.items()))

    ok = cast(int, figures.get("ok", 0))
    failed = cast(int, figures.get("failed", 0))
    return RequestCounts(ok + failed, ok, tally("by_status"), tally("finish_reasons"))
