"""What can be told from this machine alone: variables, mounted directories, and the directory for results."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..base.owner import exposed
from ..base.units import size
from ..plan.commands import untrusted
from ..plan.environ import api_key_ref
from ..plan.spec import JobSpec, Plan
from ..run.access import way_out, why_exposed
from .model import Check, Subject

_WANTED = 1 << 30
_LEAST = 100 << 20
_FEW = 3


def variables(subject: Subject) -> Iterator[Check]:
    """The variables of the containers, but for the endpoint's key, which is the endpoint's affair."""
    if subject.plan is None:
        return
    wanted: dict[tuple[str, bool], list[str]] = {}
    for job in subject.plan.jobs:
        key = api_key_ref(job)
        for ref in job.env:
            if ref.value.kind != "lit" and ref != key:
                wanted.setdefault((ref.value.source, ref.value.kind == "host"), []).append(job.task)
    lacking = {pair: tasks for pair, tasks in wanted.items() if not subject.env.get(pair[0])}
    for (name, needed), tasks in lacking.items():
        state = "is empty" if name in subject.env else "is not set"
        text = f"{name} {state}; {'needed' if needed else 'wanted'} by {_few(tasks)}"
        remedy = f"Set it (export {name}=...), or give a file with --env-file." if needed else "Set it if it is needed."
        yield Check("env", "fail" if needed else "warn", text, remedy, tasks=tuple(tasks))
    if wanted and not lacking:
        yield Check("env", "ok", f"{_few([name for name, _ in wanted])} {'is' if len(wanted) == 1 else 'are'} set")


def trust(subject: Subject) -> Iterator[Check]:
    """Whether the user agrees to the shell commands that the config brings along."""
    for problem in untrusted(subject.plan, subject.env) if subject.plan else ():
        yield Check("trust", "fail", problem.message)


def mounts(subject: Subject) -> Iterator[Check]:
    """The directories of this machine that containers are to see: Docker refuses to start without them."""
    if subject.plan is None:
        return
    sources: dict[str, list[str]] = {}
    for job in subject.plan.jobs:
        for mount in (mount for mount in job.mounts if not mount.is_volume):
            sources.setdefault(mount.source, []).append(job.task)
    missing = {source: tasks for source, tasks in sources.items() if not os.path.exists(source)}
    for source, tasks in missing.items():
        text = f"{source} does not exist; mounted by {_few(tasks)}"
        yield Check("mounts", "fail", text, f"mkdir -p {source}", tasks=tuple(tasks))
    if sources and not missing:
        yield Check("mounts", "ok", f"{_few(list(sources))} {'is' if len(sources) == 1 else 'are'} there")


def results(subject: Subject) -> Iterator[Check]:
    """Whether results can be written and have room."""
    if subject.plan is None:
        return
    yield room_for_results(subject.plan)


def room_for_results(plan: Plan) -> Check:
    """The check of `output_dir`: the nearest directory that exists must let us in and have space, and nobody else may
    be able to replace it."""
    home = Path(plan.output_dir)
    here = next((folder for folder in (home, *home.parents) if folder.exists()), Path("/"))
    change = "Choose another execution.output_dir, or change its owner."
    if not here.is_dir():
        return Check("results", "fail", f"{here} is a file, and {home} lies below it", change)
    if not os.access(here, os.W_OK | os.X_OK):
        return Check("results", "fail", f"you may not write to {here}", change)
    found = exposed(home)
    if found is not None:
        return Check("results", "fail", why_exposed(found, home).rstrip("."), way_out(found))
    free = shutil.disk_usage(here).free
    if free < _WANTED:
        state = "fail" if free < _LEAST else "warn"
        return Check("results", state, f"only {size(free)} free at {home}", "Free some space, or choose another disk.")
    return Check("results", "ok", f"{size(free)} free at {home}")


def tasks_of(jobs: list[JobSpec]) -> str:
    """The names of a few of them."""
    return _few([job.task for job in jobs])


def _few(names: list[str]) -> str:
    known = list(dict.fromkeys(names))
    more = f" and {len(known) - _FEW} more" if len(known) > _FEW else ""
    return ", ".join(known[:_FEW]) + more
