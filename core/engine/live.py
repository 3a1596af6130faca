"""`live.json`: the newest figures of a run, replaced once a second. Nobody may depend on it being there."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from ..base.atomic import write_atomic
from ..base.clock import utc_iso
from ..base.disk import Disk
from ..logs.progress import ProgressReader
from ..run.events import JobState
from ..run.sizes import recall
from ..run.state import JobView
from .executor import ExecutorUnavailable, Pulling, Usage
from .gateway import jobs_of
from .space import FULL
from .worker import Shared

_SHOWN = (JobState.PULLING, JobState.STARTING, JobState.RUNNING, JobState.STOPPING)
_RATE_OVER = 5.0  # seconds of a pull that its rate is taken from


@dataclass(frozen=True)
class Scheduling:
    """What the engine is about to do: `holding` says why `queue` (job ids, next first) is not being worked on."""

    paused: bool
    queue: Sequence[str] = ()
    holding: str = ""
    disk: Disk | None = None


class LiveWriter:
    """Samples what runs and writes it down. A full disk costs figures, never the run.

    The file is one object; a key may be missing:

    - `at` (UTC), `engine` (its pid), `workers` (jobs at once), `paused`, `queue`, `holding` ("" or a sentence)
    - `docker` ("ok" or a sentence), `docker_version`, `docker_address`
    - `disk`: `path`, `free` and `total` in bytes, `full`, `note`
    - `endpoint`: what the proxy says of the endpoint
    - `jobs`: for each that is at hand `state`, `note` (what is being done), `pull` (`done`, `total` in bytes, `rate` in
      bytes a second), `cpu` (percent of one core), `cpus` (its limit), `memory`, `memory_limit` (bytes), `progress`
      (samples answered), `total` (of how many, when the task's log says so or an earlier run counted them) and
      `requests` (the proxy's figures)
    """

    def __init__(self, shared: Shared) -> None:
        self._s = shared
        self._last: dict[str, tuple[float, Usage]] = {}
        self._pulls: dict[str, deque[tuple[float, int]]] = {}
        self._progress = ProgressReader()
        self._totals: dict[tuple[str, int], int | None] = {}

    def close(self) -> None:
        """End what helps it to read."""
        self._progress.close()

    def write(self, scheduling: Scheduling) -> bool:
        """Take one sample of every job at hand and replace the file; False when there is no space for it."""
        proxy = self._s.gateway.figures() if self._s.gateway is not None else {}
        requests = jobs_of(proxy)
        figures: dict[str, Any] = {
            "at": utc_iso(),
            "engine": os.getpid(),
            "workers": self._s.run.plan.workers,
            "paused": scheduling.paused,
            "holding": scheduling.holding,
            "queue": list(scheduling.queue),
            "docker": self._s.docker_down or "ok",
            "docker_version": self._s.docker.version,
            "docker_address": self._s.docker.address,
            "jobs": {view.id: self._job(view, requests.get(view.id)) for view in self._at_hand()},
        }
        if scheduling.disk is not None:
            figures["disk"] = vars(scheduling.disk)
        if "endpoint" in proxy:
            figures["endpoint"] = proxy["endpoint"]
        try:
            write_atomic(self._s.run.paths.live, json.dumps(figures).encode(), mode=0o600, sync=False)
        except OSError as error:
            return error.errno not in FULL
        return True

    def _at_hand(self) -> list[JobView]:
        return [view for view in self._s.ledger.state.jobs.values() if view.state in _SHOWN]

    def _job(self, view: JobView, requests: dict[str, Any] | None) -> dict[str, Any]:
        entry: dict[str, Any] = {"state": view.state.value}
        if requests:
            entry["requests"] = requests
            entry["progress"] = requests.get("answers", 0)
        spec = self._s.spec(view.id)
        log = self._s.run.paths.job(spec.dir_name).stdout
        told = self._progress.newest(log, spec.progress) if spec.progress else None
        if told is not None:
            entry["progress"], entry["total"] = told
        elif (total := self._recalled(view)) is not None:
            entry["total"] = total
        note = self._s.notes.get(view.id) or (requests or {}).get("refused")
        if note:
            entry["note"] = note
        pulling = self._s.pulls.get(view.id)
        if pulling is not None and view.state is JobState.PULLING:
            entry["pull"] = {"done": pulling.done, "total": pulling.total, "rate": self._rate(view.id, pulling)}
        else:
            self._pulls.pop(view.id, None)
        if view.state is JobState.RUNNING and view.container and not self._s.docker_down:
            entry.update(self._sampled(view))
        return entry

    def _recalled(self, view: JobView) -> int | None:
        key = (view.id, view.attempt)
        if key not in self._totals:
            self._totals[key] = recall(self._s.spec(view.id), self._s.env)
        return self._totals[key]

    def _rate(self, job: str, pulling: Pulling) -> float | None:
        seen = self._pulls.setdefault(job, deque())
        seen.append((monotonic(), pulling.done))
        while seen[-1][0] - seen[0][0] > _RATE_OVER:
            seen.popleft()
        passed = seen[-1][0] - seen[0][0]
        return round(max(0, seen[-1][1] - seen[0][1]) / passed) if passed > 0 else None

    def _sampled(self, view: JobView) -> dict[str, Any]:
        limits = self._s.spec(view.id).resources
        entry: dict[str, Any] = {"cpus": limits.cpus, "memory_limit": limits.memory}
        try:
            sample = self._s.executor.sample(view.container)
        except ExecutorUnavailable:
            sample = None
        if sample is None:
            return entry
        now, before = monotonic(), self._last.get(view.id)
        self._last[view.id] = (now, sample)
        entry["memory"] = sample.memory
        if before is not None and now > before[0]:
            entry["cpu"] = round(100 * max(0.0, sample.cpu_seconds - before[1].cpu_seconds) / (now - before[0]), 1)
        return entry
