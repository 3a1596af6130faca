"""`live.json`: the newest figures of a run, replaced once a second. Nobody may depend on it being there."""

from __future__ import annotations

import json
from time import monotonic
from typing import Any

from ..run.atomic import write_atomic
from ..run.clock import utc_iso
from ..run.events import JobState
from .executor import ExecutorUnavailable, Sample
from .worker import Shared

_SHOWN = (JobState.PULLING, JobState.STARTING, JobState.RUNNING, JobState.STOPPING)


class LiveWriter:
    """Samples what runs and writes it down. A full disk costs figures, never the run."""

    def __init__(self, shared: Shared) -> None:
        self._s = shared
        self._requests: dict[str, Any] = {}
        self._last: dict[str, tuple[float, Sample]] = {}

    def write(self, paused: bool) -> None:
        """Take one sample of every job at hand and replace the file."""
        self._requests = self._s.gateway.live() if self._s.gateway is not None else {}
        figures: dict[str, Any] = {
            "at": utc_iso(),
            "docker": self._s.docker_down or "ok",
            "paused": paused,
            "jobs": {view.id: self._job(view.id, view.state, view.container) for view in self._at_hand()},
        }
        try:
            write_atomic(self._s.run.paths.live, json.dumps(figures).encode(), mode=0o600, sync=False)
        except OSError:
            return

    def _at_hand(self) -> list[Any]:
        return [view for view in self._s.ledger.state.jobs.values() if view.state in _SHOWN]

    def _job(self, job: str, state: JobState, container: str) -> dict[str, Any]:
        entry: dict[str, Any] = {"state": state.value}
        requests = self._requests.get(job)
        if requests:
            entry["requests"] = requests
            entry["progress"] = requests.get("ok", 0)
        note = self._s.notes.get(job)
        if note:
            entry["note"] = note
        if state is not JobState.RUNNING or not container or self._s.docker_down:
            return entry
        try:
            sample = self._s.executor.sample(container)
        except ExecutorUnavailable:
            sample = None
        if sample is None:
            return entry
        now, before = monotonic(), self._last.get(job)
        self._last[job] = (now, sample)
        entry["memory"] = sample.memory
        if before is not None and now > before[0]:
            entry["cpu"] = round(100 * max(0.0, sample.cpu_seconds - before[1].cpu_seconds) / (now - before[0]), 1)
        return entry
