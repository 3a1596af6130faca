"""What is asked about before it is done, on the run screen and on the list of runs alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ...core.base.errors import EvaldockError
from ...core.control.short import present_params
from ..view.row import TaskRow
from . import control, preview

if TYPE_CHECKING:
    from ...core.run.store import Run
    from ..screens.base import DashboardScreen
    from ..screens.kill import How
    from ..screens.rerun import RerunChoice


def _nothing() -> None:
    pass


def kill(
    screen: DashboardScreen,
    run: Run,
    rows: Sequence[TaskRow],
    *,
    others: int,
    now: bool,
    after: Callable[[], None] = _nothing,
) -> None:
    """Ask, then kill `rows`, none of which has ended; `others` go on. `after` is called once it was asked for."""
    from ..screens.kill import KillDialog

    jobs = [row.job for row in rows]

    def answered(how: How | None) -> None:
        if how is not None:
            screen.ask(partial(control.kill_jobs, run, jobs, screen.dashboard.env, force=how == "now"))
            after()

    grace = max(row.kill_grace for row in rows)
    screen.dashboard.push_screen(KillDialog(rows, grace=grace, others=others, now=now), answered)


def rerun(
    screen: DashboardScreen,
    run: Run,
    rows: Sequence[TaskRow],
    *,
    after: Callable[[], None] = _nothing,
    overrides: tuple[str, ...] = (),
) -> None:
    """Ask how, then run `rows`, all of which have ended, again; `overrides` are those to begin with."""
    from ..screens.rerun import RerunDialog

    def answered(choice: RerunChoice | None) -> None:
        if choice is None:
            return
        if choice.preview:
            again = partial(rerun, screen, run, rows, after=after, overrides=choice.overrides)
            preview_rerun(screen, run, choice, after=after, left=again)
        else:
            _run_again(screen, run, choice, after)

    jobs = [row.job for row in rows]
    check = partial(_problem, run, jobs, screen)
    present = partial(present_params, run, jobs)
    screen.dashboard.push_screen(RerunDialog(rows, check=check, present=present, overrides=overrides), answered)


def preview_rerun(
    screen: DashboardScreen,
    run: Run,
    choice: RerunChoice,
    *,
    after: Callable[[], None] = _nothing,
    left: Callable[[], None] = _nothing,
) -> None:
    """Show what would run again, and run what is said there. `left` is called when that is nothing."""

    def answered(jobs: tuple[str, ...] | None) -> None:
        if jobs:
            _run_again(screen, run, replace(choice, jobs=jobs), after)
        else:
            left()

    label = "" if screen.dashboard.read_only else "rerun"
    prepare = partial(preview.of_rerun, run, choice.jobs, choice.overrides, screen.dashboard.env)
    screen.dashboard.ask(prepare, lambda made: screen.show_preview(made, label, answered, partly=True))


def _run_again(screen: DashboardScreen, run: Run, choice: RerunChoice, after: Callable[[], None]) -> None:
    screen.ask(partial(control.rerun, run, choice.jobs, choice.overrides, screen.dashboard.env))
    after()


def _problem(run: Run, jobs: Sequence[str], screen: DashboardScreen, overrides: tuple[str, ...]) -> str:
    """What is wrong with overrides, "" when they can be."""
    try:
        preview.of_rerun(run, jobs, overrides, screen.dashboard.env)
    except EvaldockError as error:
        return str(error)
    return ""
