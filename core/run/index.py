"""All runs of this user: listing them, and finding one by what the user typed."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import EvaldockError, ExitCode
from ..base.narrow import Json
from .overview import Overview
from .paths import RunPaths, is_gone
from .pointers import RUN_DIR, pointers
from .pointers import is_registered as is_registered
from .pointers import register as register
from .pointers import state_dir as state_dir
from .store import Run, RunDamaged

_ID = re.compile(r"([0-9a-f]{1,8})(?:\.(\d{1,9}))?")


class NotFound(EvaldockError):
    """Nothing fits what was asked for; the message is a sentence for the user."""

    exit_code = ExitCode.USAGE


class AmbiguousId(EvaldockError):
    """Several runs fit; `matches` are their invocations, newest first."""

    exit_code = ExitCode.USAGE

    def __init__(self, text: str, matches: tuple[str, ...]) -> None:
        self.matches = matches
        shown = ", ".join(matches[:8]) + (f" and {len(matches) - 8} more" if len(matches) > 8 else "")
        super().__init__(f"{text!r} fits {len(matches)} runs: {shown}. Give more characters.")


@dataclass(frozen=True)
class FoundRun:
    """A run, and the one job of it that was named (None: the whole run)."""

    run: Run
    job_id: str | None = None


def list_runs(env: Mapping[str, str] | None = None) -> list[Run]:
    """All runs that can be read, newest first. Pointers to what is gone are skipped."""
    return _newest_first(_open(pointers(env)))


def summaries(env: Mapping[str, str] | None = None) -> list[Json]:
    """The `Run.summary` of all runs that can be read, newest first; who asks again and again keeps an `Overview`."""
    return Overview(env).summaries()


def unreadable(listed: Iterable[Json], env: Mapping[str, str] | None = None) -> list[str]:
    """The invocations of the runs that are there, but missing from these `summaries` because they cannot be read."""
    return sorted(pointers(env).keys() - {str(summary["invocation"]) for summary in listed})


def last_run(
    env: Mapping[str, str] | None = None, *, passed_over: Callable[[RunDamaged], object] = lambda _: None
) -> Run:
    """The newest run that can be read; `passed_over` is told of newer ones. Raises NotFound when there is none."""
    # Directory names begin with the time, so only as many runs are opened as it takes.
    known = sorted(pointers(env).items(), key=lambda item: item[1].name, reverse=True)
    for item in known:
        for run in _open(dict([item]), passed_over):
            return run
    raise NotFound("There is no run yet. Start one with: evaldock run CONFIG")


def scan(folder: Path, env: Mapping[str, str] | None = None) -> list[Run]:
    """The runs in `folder` (an output directory, or one run), newest first, and register them again where possible."""
    folder = folder.absolute()
    roots: dict[str, Path] = {}
    with contextlib.suppress(OSError):
        for path in [folder, *folder.iterdir()]:
            match = RUN_DIR.fullmatch(path.name)
            if match and path.is_dir() and not path.is_symlink():
                roots[match[1]] = path
    runs = _newest_first(_open(roots))
    for run in runs:
        with contextlib.suppress(OSError):
            register(run.paths, run.invocation, env)
    return runs


def find(text: str, env: Mapping[str, str] | None = None) -> FoundRun:
    """The run or job that `text` names: a unique prefix of an invocation, that plus `.n`, or a run's directory.

    Raises NotFound, AmbiguousId, RunDamaged.
    """
    if os.sep in text:
        return FoundRun(_open_directory(text))
    match = _ID.fullmatch(text.strip().lower())
    if match is None:
        raise NotFound(
            f"{text!r} is not the id of a run or a job: ids look like 1a2b3c4d and 1a2b3c4d.0. "
            "List the runs with: evaldock ls runs"
        )
    prefix, number = match[1], match[2]
    known = pointers(env)
    fitting = [invocation for invocation in known if invocation.startswith(prefix)]
    if not fitting:
        raise NotFound(
            f"No run begins with {prefix!r}.{_perhaps(prefix, known)} List the runs with: evaldock ls runs (and runs "
            "of another place with: evaldock ls runs --scan DIR)"
        )
    if len(fitting) > 1:
        fitting.sort(key=lambda invocation: known[invocation].name, reverse=True)
        raise AmbiguousId(text, tuple(fitting))
    run = Run.open(known[fitting[0]])
    return FoundRun(run, None if number is None else _job_id(run, int(number)))


def _perhaps(prefix: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    begins = {invocation[: len(prefix)]: invocation for invocation in known}
    near = get_close_matches(prefix, begins, n=1, cutoff=0.7) if len(prefix) > 2 else []
    return f" Did you mean {begins[near[0]]}?" if near else ""


def _open_directory(text: str) -> Run:
    path = Path(os.path.expanduser(text))
    if not path.is_dir():
        raise NotFound(f"{text} is not a directory.")
    if is_gone(RunPaths(path).plan):
        raise NotFound(f"{text} is not the directory of a run: it has no {RunPaths(path).plan.name}.")
    return Run.open(path)


def _job_id(run: Run, number: int) -> str:
    if number >= len(run.plan.jobs):
        last = len(run.plan.jobs) - 1
        known = f"its jobs are .0 to .{last}" if last else "its only job is .0"
        raise NotFound(f"Run {run.invocation} has no job .{number}: {known}.")
    return run.plan.jobs[number].id


def _open(roots: Mapping[str, Path], passed_over: Callable[[RunDamaged], object] = lambda _: None) -> Iterable[Run]:
    for invocation, root in roots.items():
        try:
            run = Run.open(root)
        except RunDamaged as error:
            passed_over(error)
            continue
        # Another run may stand where the pointer leads.
        if run.invocation == invocation:
            yield run


def _newest_first(runs: Iterable[Run]) -> list[Run]:
    return sorted(runs, key=lambda run: (run.created, run.invocation), reverse=True)
