"""One run, as everybody reads it."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from ..base.atomic import read_from_file, read_head
from ..base.clock import Moment, utc_iso
from ..base.errors import EvaldockError
from ..base.lock import holder
from ..base.narrow import Json, as_tree
from ..plan.codec import PlanDamaged, PlanTooNew, plan_from_json
from ..plan.spec import JobSpec, Plan
from .amendment import MAX_BYTES, Amendment
from .events import JobState
from .journal import read_from
from .paths import RunPaths, UnsafePath
from .state import JobView, RunState
from .status import JobStatus, status_of


class RunDamaged(EvaldockError):
    """A directory that is no run, or a run that cannot be read; the message is a sentence for the user."""


class Run:
    """A run on disk. Reading only: what changes a run is its engine, and `requests` ask it to."""

    def __init__(self, paths: RunPaths, plan: Plan) -> None:
        self.paths = paths
        self.plan = plan
        self._lock = threading.Lock()
        self._offset = 0
        self._understood = 0
        self._state = RunState.empty(plan)
        self._planned = {job.id: job for job in plan.jobs}
        self._amendments: dict[tuple[str, int], Amendment] = {}

    @classmethod
    def open(cls, root: Path) -> Run:
        """Read the run at `root`. Raises RunDamaged."""
        paths = RunPaths(Path(root).absolute())
        run = cls(paths, _read_plan(paths))
        run.state()
        # The first line is there as soon as the run is, so without one it is not known what has happened.
        if not run._understood:
            raise RunDamaged(
                f"{paths.journal} is damaged: no line of it can be read. The run's logs and artifacts are still "
                f"in {paths.root}."
            )
        return run

    @property
    def invocation(self) -> str:
        """The run's id: 8 hexadecimal digits."""
        return self.plan.invocation

    @property
    def created(self) -> str:
        """When the run was made, UTC ISO 8601; "" when nothing tells."""
        return self.state().created or _time_in(self.paths.root.name)

    def state(self) -> RunState:
        """The state by now. Reads only what the journal gained since the last call. Raises RunDamaged."""
        with self._lock:
            try:
                if self.paths.journal.stat().st_size < self._offset:
                    self._offset, self._state = 0, RunState.empty(self.plan)
                events, self._offset = read_from(self.paths.journal, self._offset)
            except OSError as error:
                raise RunDamaged(f"{self.paths.journal} cannot be read: {error.strerror}.") from error
            if events:
                self._understood += len(events)
                self._state = self._state.fold(events)
            return self._state

    def live(self) -> Json:
        """The newest figures, `{"jobs": {<job id>: {...}}, ...}`; {} when there are none."""
        return _object_in(self.paths.live)

    def provenance(self) -> Json:
        """What the run was made with (see `engine.provenance`); {} when that was not written down."""
        return _object_in(self.paths.provenance)

    def engine_alive(self) -> int | None:
        """The pid of the engine that owns the run now, None when none does."""
        return holder(self.paths.lock)

    def job(self, job_id: str, attempt: int | None = None) -> JobSpec:
        """The spec of a job's attempt, by default of its newest. Raises KeyError, RunDamaged."""
        return self._spec(self.state().jobs[job_id], attempt)

    def current_plan(self) -> Plan:
        """The plan with the spec of each job's newest attempt. Raises RunDamaged."""
        views = self.state().jobs
        return replace(self.plan, jobs=tuple(self._spec(views[job.id]) for job in self.plan.jobs))

    def _spec(self, view: JobView, attempt: int | None = None) -> JobSpec:
        amendment = self._amendment(view, attempt)
        return self._planned[view.id] if amendment is None else amendment.spec

    def amendment(self, job_id: str, attempt: int | None = None) -> Amendment | None:
        """The overrides that a job's attempt (default: its newest) runs by, and the spec that they made.

        None for one that runs as planned. Raises KeyError, RunDamaged.
        """
        return self._amendment(self.state().jobs[job_id], attempt)

    def _amendment(self, view: JobView, attempt: int | None) -> Amendment | None:
        number = max((n for n in view.amended if attempt is None or n <= attempt), default=0)
        if number and (view.id, number) not in self._amendments:
            self._amendments[view.id, number] = self._read_amendment(self._planned[view.id], number)
        return self._amendments.get((view.id, number))

    def _read_amendment(self, planned: JobSpec, number: int) -> Amendment:
        path = self.paths.job(planned.dir_name).spec(number)
        try:
            return Amendment.from_bytes(read_head(path, MAX_BYTES), planned)
        except PlanDamaged as error:
            raise RunDamaged(
                f"{path} is damaged ({error}), and with it what attempt {number} of {planned.id} runs by. Run the job "
                "in a new run."
            ) from error

    def statuses(self, now: Moment | None = None) -> list[JobStatus]:
        """How each job stands (default: now), in plan order. Raises RunDamaged."""
        state, figures = self.state(), as_tree(self.live().get("jobs"))
        moment = now or Moment.now()
        views = (state.jobs[job.id] for job in self.plan.jobs)
        return [self.status(view, as_tree(figures.get(view.id)), moment) for view in views]

    def status(self, view: JobView, live: Json, now: Moment) -> JobStatus:
        """How one job stands by its view and its entry in live.json."""
        spec = self._planned[view.id]
        with contextlib.suppress(RunDamaged):  # the engine says so when it comes to that job
            spec = self._spec(view)
        newest = view.attempt >= self._state.jobs[view.id].attempt
        return status_of(spec, view, live, self.paths, now, newest=newest)

    def views(self) -> list[Json]:
        """The JSON objects of `status`, one a job, in plan order. Raises RunDamaged."""
        return [status.to_json() for status in self.statuses()]

    def summary(self) -> Json:
        """The JSON object of `ls runs`. Raises RunDamaged.

        Keys: invocation, config (its name, "" when that was not kept), created, ended (when the last job did, None
        before), seconds (that engines were at work on it), state (`running`, `interrupted`: jobs are open but no
        engine is there, `succeeded`, `failed`), jobs, counts (state -> number), model, tasks, workers, scores (of the
        jobs that have one: task and the keys of `status`), engine (pid or None), run_dir.
        """
        state = self.state()
        pid = self.engine_alive()
        views = state.jobs.values()
        return {
            "invocation": self.invocation,
            "config": self.plan.config_name,
            "created": self.created,
            "ended": max((view.ended or "" for view in views), default="") if state.done else None,
            "seconds": round(state.seconds(utc_iso() if pid is not None else state.newest), 3),
            "state": _overall(state, pid),
            "jobs": len(self.plan.jobs),
            "counts": {name.value: n for name, n in state.counts.items()},
            "model": self.plan.model_id,
            "tasks": [job.task for job in self.plan.jobs],
            "workers": self.plan.workers,
            "scores": [{"task": view.task, **view.score.to_json()} for view in views if view.score is not None],
            "engine": pid,
            "run_dir": str(self.paths.root),
        }


def _read_plan(paths: RunPaths) -> Plan:
    try:
        data: object = json.loads(read_from_file(paths.plan))
        plan = plan_from_json(cast(Json, data))
        _check_jobs(plan, paths)
    except (FileNotFoundError, NotADirectoryError):
        raise RunDamaged(f"{paths.root} is not a run of evaldock: it has no {paths.plan.name}.") from None
    except OSError as error:
        raise RunDamaged(f"{paths.plan} cannot be read: {error.strerror}.") from error
    except PlanTooNew as error:
        raise RunDamaged(
            f"{paths.root} is a run of a newer evaldock: its {paths.plan.name} is {error}. Update evaldock to see it."
        ) from error
    except (ValueError, RecursionError, UnsafePath) as error:
        raise RunDamaged(
            f"{paths.plan} is damaged ({type(error).__name__}: {error}). The run's logs and artifacts are "
            f"still in {paths.root}."
        ) from error
    return plan


def _check_jobs(plan: Plan, paths: RunPaths) -> None:
    """Raise PlanDamaged, UnsafePath for jobs that no plan has: everything else relies on their ids and directories."""
    if not re.fullmatch("[0-9a-f]{8}", plan.invocation) or not plan.jobs:
        raise PlanDamaged("it names no run, or no job")
    for number, job in enumerate(plan.jobs):
        if job.id != f"{plan.invocation}.{number}":
            raise PlanDamaged(f"job {number} has the id {job.id!r}")
        paths.job(job.dir_name)


def _object_in(path: Path) -> Json:
    data = read_head(path, 1 << 26)
    try:
        value: object = json.loads(data) if data else None
    except (ValueError, RecursionError):
        return {}
    return cast(Json, value) if isinstance(value, dict) else {}


def _time_in(name: str) -> str:
    try:
        return utc_iso(datetime.strptime(name[:15], "%Y%m%d_%H%M%S").replace(tzinfo=UTC))
    except ValueError:
        return ""


def _overall(state: RunState, pid: int | None) -> str:
    if not state.done:
        return "running" if pid is not None else "interrupted"
    good = all(view.state is JobState.SUCCEEDED for view in state.jobs.values())
    return "succeeded" if good else "failed"
