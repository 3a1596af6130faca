"""The jobs of a run as the proxy knows them, by their tokens."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import cast

from ..base.atomic import write_atomic
from ..base.clock import utc_iso
from ..config.model import Tree
from .budget import Gate
from .endpoints import base_path
from .figures import Figures
from .job import Job, check_spec
from .saved import FIGURES_FILE, LIVE_FILE, newest_figures
from .turns import Turns
from .upstream import Health, Options

_LOG = logging.getLogger("evaldock.proxy")
_AT_LEAST_EVERY = 10  # ticks of a second between writes of a busy job's figures


def encode(tree: object) -> bytes:
    """A file's JSON."""
    return json.dumps(tree, separators=(",", ":")).encode() + b"\n"


def saved_figures(run_dir: Path, identity: str, directory: Path, attempt: object) -> Figures:
    """The figures that an earlier proxy of the same attempt left, or new ones."""
    figures = Figures()
    newest, whole = newest_figures(run_dir, identity, directory, attempt)
    if newest is not None:
        figures.restore(newest, whole=whole)
    return figures


class Jobs:
    """All jobs, replaced as a whole by `replace`; `strangers` counts requests without a valid token."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._jobs: dict[str, Job] = {}
        self._leaving: list[Job] = []
        self._gates: dict[tuple[str, int | None], Gate] = {}
        self._health: dict[str, Health] = {}
        self._sick: set[str] = set()
        self._turns = Turns()
        self._live_version = -1
        self._ticks = 0
        self._closed = False
        self.by_token: dict[str, Job] = {}
        self.strangers = 0

    def replace(self, specs: Mapping[str, object], *, resumed: bool = False) -> list[Job]:
        """Make `specs` the jobs, and return those that left. An equal job stays as it is; one with another `attempt`
        counts from zero; `resumed`: figures of an earlier proxy are taken up. Raises KeyError, ValueError."""
        for identity, spec in specs.items():
            check_spec(identity, spec)
        old, self._jobs = self._jobs, {}
        for identity, raw in specs.items():
            spec = cast(Tree, raw)
            known = old.get(identity)
            if known is not None and "api_key" not in spec:
                # An engine of another shell does not know the key: the one that is here stays.
                spec = {**spec, "api_key": known.spec.get("api_key")}
            if known is not None and known.spec == spec:
                self._jobs[identity] = old.pop(identity)
                continue
            if known is not None and known.attempt == spec.get("attempt", 1):
                figures = known.figures
            else:
                figures = self._saved(identity, spec) if resumed else Figures()
            health = self._health.setdefault(base_path(str(spec["upstream"])), Health())
            job = Job(identity, spec, self._run_dir, self._gate(spec), health, figures)
            job.turns, job.others = self._turns, partial(self._others, job)
            self._jobs[identity] = job
        self.by_token = {job.token: job for job in self._jobs.values()}
        for gate in self._gates.values():
            gate.members = {job.id for job in self._jobs.values() if job.gate is gate}
        left = list(old.values())
        self._leaving += left
        return left

    def _saved(self, identity: str, spec: Tree) -> Figures:
        return saved_figures(self._run_dir, identity, Path(str(spec["dir"])), spec.get("attempt", 1))

    def _gate(self, spec: Tree) -> Gate:
        # One endpoint, one limit: jobs of a run share the model that they are a load on.
        options = spec.get("options")
        limit = Options.from_json(cast(Tree, options) if isinstance(options, dict) else {}).max_concurrent
        return self._gates.setdefault((base_path(str(spec["upstream"])), limit), Gate(limit))

    @property
    def in_flight(self) -> int:
        """Requests that are being answered now."""
        return sum(job.figures.in_flight for job in (*self._jobs.values(), *self._leaving))

    def _others(self, job: Job) -> bool:
        return self.in_flight > job.figures.in_flight

    @property
    def seen(self) -> int:
        """Grows with each request."""
        return self.strangers + sum(job.figures.version for job in self._jobs.values())

    def begun(self, job: Job) -> None:
        """The first request of an attempt is here: from now on it leaves a trace, even if this process dies at once."""
        self.write([self._job_file(job)])

    def due(self) -> list[tuple[Path, bytes]]:
        """The files to write in this second. Closes jobs that left and have answered everything."""
        self._ticks += 1
        files: list[tuple[Path, bytes]] = []
        for job in [*self._jobs.values(), *self._leaving]:
            quiet = job.figures.in_flight == 0 or self._ticks - job.wrote_at >= _AT_LEAST_EVERY
            if job.figures.version != job.written and quiet:
                files.append(self._job_file(job))
        for job in [job for job in self._leaving if job.figures.in_flight == 0]:
            self._leaving.remove(job)
            job.chain.close()
        if self.seen != self._live_version or any(job.figures.lively() for job in self._jobs.values()):
            self._live_version = self.seen
            files.append((self._run_dir / LIVE_FILE, self._live()))
        return files

    def _job_file(self, job: Job) -> tuple[Path, bytes]:
        job.written, job.wrote_at = job.figures.version, self._ticks
        return job.scope.dir / FIGURES_FILE, encode({"at": utc_iso(), **job.to_json()})

    def _live(self) -> bytes:
        jobs = {identity: job.to_json() for identity, job in self._jobs.items() if job.figures.version}
        ill = next((health.sentence for health in self._health.values() if health.sentence), "")
        about: Tree = {"at": utc_iso(), "unknown_token": self.strangers, "closed": self._closed, "endpoint": ill}
        return encode({**about, "jobs": jobs})

    def everything(self) -> list[tuple[Path, bytes]]:
        """All files."""
        return self.files_of([*self._jobs.values(), *self._leaving])

    def unwritten(self) -> list[Job]:
        """The jobs whose file does not say what was counted last."""
        return [job for job in self._jobs.values() if job.figures.version != job.written]

    def files_of(self, jobs: list[Job]) -> list[tuple[Path, bytes]]:
        """The files of these jobs, and the one that tells of all."""
        return [*(self._job_file(job) for job in jobs), (self._run_dir / LIVE_FILE, self._live())]

    def write(self, files: list[tuple[Path, bytes]]) -> None:
        """Write files; a full disk costs the figures and is said once. Runs on any thread."""
        for path, data in files:
            try:
                write_atomic(path, data, sync=False)
                self._sick.discard(str(path))
            except OSError as error:
                if str(path) not in self._sick:
                    self._sick.add(str(path))
                    _LOG.warning("cannot write %s: %s", path, error.strerror)

    def close(self) -> None:
        """Close the interceptors of all jobs; `everything` says from now on that nothing is missing in it."""
        self._closed = True
        for job in (*self._jobs.values(), *self._leaving):
            job.chain.close()
