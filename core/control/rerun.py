"""Planning a rerun with overrides: which spec the next attempt gets. Writes nothing.

A rerun starts from the spec that the job has now. What the overrides change is found by planning the run's own
config twice, with and without them: only the fields that differ are changed in the job's spec, so that a newer
catalog, another directory or another machine never changes a job behind the user's back.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from ..config.model import Config, ConfigError, ConfigProblem
from ..plan.diff import Change as Change
from ..plan.diff import spec_changes
from ..plan.spec import JobSpec, Plan
from ..run.access import RequestRefused
from ..run.amendment import Amendment, masked
from ..run.store import Run, RunDamaged
from .short import written_out

if TYPE_CHECKING:
    from ..catalog.catalog import Catalog
    from ..plan.view import PlanView

_RUN_WIDE = {
    "output_dir": "execution.output_dir",
    "mode": "execution.mode",
    "workers": "execution.max_parallel",
    "pull": "execution.pull",
    "proxy": "execution.proxy",
}


@dataclass(frozen=True)
class PlannedRerun:
    """One job of a rerun: `attempt` is the new number, `before` the spec it has now and `spec` the one it will have.

    `overrides` are all that will hold for it, older ones first; `shown` are those that are new, masked.
    """

    job: str
    attempt: int
    before: JobSpec
    spec: JobSpec
    overrides: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is different, without anything secret."""
        return spec_changes(self.before, self.spec)

    def amendment(self) -> Amendment | None:
        """What the new attempt brings along; None when it runs by the spec that the job has already."""
        return Amendment(self.spec, self.overrides, self.shown) if self.shown else None


@dataclass(frozen=True)
class Reruns:
    """A rerun of some jobs: `plan` holds only these, with their new specs; `config` is None without overrides."""

    plan: Plan
    jobs: tuple[PlannedRerun, ...]
    config: Config | None = None

    def view(self, run_dir: str, env: Mapping[str, str]) -> PlanView:
        """The dry run; `env` tells which variables are set."""
        from ..plan.view import Again, plan_view

        again = {item.job: Again(item.attempt, item.changes) for item in self.jobs}
        return plan_view(self.config, self.plan, env, run_dir=run_dir, again=again)

    def render(self, run_dir: str, env: Mapping[str, str]) -> str:
        """What `--dry-run` shows, as text that ends in a newline; `env` tells which variables are set."""
        from ..plan.render import render_view

        return render_view(self.view(run_dir, env))


def next_attempt(run: Run, job_id: str) -> int:
    """The number that the next attempt at an ended job will have. Raises RequestRefused for any other job."""
    view = run.state().jobs.get(job_id)
    if view is None:
        raise RequestRefused(no_such_job(run, job_id))
    if not view.state.terminal:
        raise RequestRefused(f"{job_id} ({view.task}) is {view.state}: wait for its end or kill it, then rerun.")
    return view.attempt + 1


def no_such_job(run: Run, job_id: str) -> str:
    """The sentence for a job that the run does not have."""
    last = len(run.plan.jobs) - 1
    return f"There is no job {job_id}: run {run.invocation} has the jobs {run.invocation}.0 to .{last}."


def plan_reruns(
    run: Run, jobs: Sequence[str], overrides: Sequence[str] = (), *, env: Mapping[str, str] | None = None
) -> Reruns:
    """Plan the next attempts of `jobs`, all of which have ended.

    `overrides` may be written short, see `written_out`. `env` (default: this process's) is what `${oc.env:X}` in the
    config and the overrides may read. Raises RequestRefused for a job that cannot run again, ConfigError for overrides
    that cannot be, RunDamaged.
    """
    attempts = {job: next_attempt(run, job) for job in jobs}
    if not overrides:
        planned = tuple(PlannedRerun(job, attempts[job], run.job(job), run.job(job)) for job in jobs)
        return Reruns(replace(run.plan, jobs=tuple(item.spec for item in planned)), planned)
    shown = masked(overrides)
    overrides = written_out(run, jobs, overrides)
    planner = _Planner(run, overrides, os.environ if env is None else env)
    found: dict[str, PlannedRerun] = {}
    for earlier, members in _by_earlier_overrides(run, jobs).items():
        for job, spec in zip(members, planner.specs(earlier, members), strict=True):
            texts = (*earlier, *overrides)
            found[job] = PlannedRerun(job, attempts[job], run.job(job), spec, texts, shown)
    planned = tuple(found[job] for job in jobs)
    plan = replace(run.plan, jobs=tuple(item.spec for item in planned), warnings=planner.warnings)
    return Reruns(plan, planned, planner.config)


def _by_earlier_overrides(run: Run, jobs: Sequence[str]) -> dict[tuple[str, ...], list[str]]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for job in jobs:
        amendment = run.amendment(job)
        groups.setdefault(amendment.overrides if amendment else (), []).append(job)
    return groups


class _Planner:
    def __init__(self, run: Run, overrides: tuple[str, ...], env: Mapping[str, str]) -> None:
        from ..catalog.load import catalog_dirs, load_catalog

        self._run, self._overrides, self._env = run, overrides, env
        if not run.paths.config.is_file():
            raise RunDamaged(f"{run.paths.config} is not there, so overrides cannot be applied to what it says.")
        self._catalog: Catalog = load_catalog(catalog_dirs([run.paths.config]), env=env)
        self.config: Config | None = None
        self.warnings: tuple[str, ...] = ()

    def specs(self, earlier: tuple[str, ...], jobs: Sequence[str]) -> list[JobSpec]:
        """The new specs of `jobs`, which all ran with the overrides `earlier`."""
        base, without = self._plan(earlier, jobs)
        config, amended = self._plan((*earlier, *self._overrides), jobs)
        _refuse_other_tasks(base, config)
        _refuse_run_wide(without, amended)
        self.config = self.config or config
        known = set(without.warnings)
        self.warnings = (*self.warnings, *(text for text in amended.warnings if text not in known))
        return [_merged(self._run.job(job), self._of(job, without), self._of(job, amended)) for job in jobs]

    def _plan(self, overrides: tuple[str, ...], jobs: Sequence[str]) -> tuple[Config, Plan]:
        from ..config.load import load_config
        from ..plan.make import make_plan

        config = load_config(path=self._run.paths.config, overrides=overrides, env=self._env)
        places = list(dict.fromkeys(self._place(job, config) for job in jobs))
        return config, make_plan(config, self._catalog, invocation=self._run.invocation, positions=places)

    def _place(self, job: str, config: Config) -> int:
        place = self._planned(job)[0]
        if place >= len(config.tasks):
            raise _problem(f"the config has no task for {job} any more", "evaluation.tasks")
        return place

    def _planned(self, job: str) -> tuple[int, int]:
        """The place of a job's task in the config, and which repeat of it the job is."""
        spec = next(spec for spec in self._run.plan.jobs if spec.id == job)
        return (spec.index if spec.position < 0 else spec.position), spec.repeat

    def _of(self, job: str, plan: Plan) -> JobSpec:
        """The job of `plan` that stands for a job of the run."""
        wanted = self._planned(job)
        for spec in plan.jobs:
            if (spec.position, spec.repeat) == wanted:
                return spec
        raise _problem("a rerun keeps the repeats of its run: another number is a new run", "evaluation.repeats")


def _refuse_other_tasks(base: Config, config: Config) -> None:
    if [task.name for task in base.tasks] != [task.name for task in config.tasks]:
        raise _problem(
            "a rerun keeps the tasks of its run: other tasks are a new run (evaldock run)", "evaluation.tasks"
        )


def _refuse_run_wide(base: Plan, amended: Plan) -> None:
    for name, path in _RUN_WIDE.items():
        if getattr(base, name) != getattr(amended, name):
            raise _problem("belongs to the whole run, so a rerun cannot change it: start a new run", path)


def _merged(spec: JobSpec, base: JobSpec, amended: JobSpec) -> JobSpec:
    own = ("id", "index", "dir_name", "position", "repeat")
    changed: dict[str, Any] = {
        field.name: getattr(amended, field.name)
        for field in fields(JobSpec)
        if field.name not in own and getattr(base, field.name) != getattr(amended, field.name)
    }
    return replace(spec, **changed)


def _problem(message: str, path: str) -> ConfigError:
    return ConfigError([ConfigProblem(message, path)])
