"""The commands of the list of runs: open, kill, rerun, delete, new, find, export, compare."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ..view.row import TaskRow
from . import confirmed, control, preview
from .command import Command, Commands, always

if TYPE_CHECKING:
    from ...core.config.model import Config
    from ...core.plan.spec import Plan
    from ...core.run.store import Run
    from ..screens.home import HomeScreen
    from .preview import Prepared


def run_commands(screen: HomeScreen) -> Commands:
    """What can be done with the run under the cursor, and with all of them."""
    keys = RunKeys(screen)

    def with_run(action: str, name: str) -> str:
        return name if screen.row is not None else ""

    tabs = {
        f"tab_{number}": always(f"tab_{number}", partial(screen.show_tab, name), name.lower())
        for number, name in enumerate(screen.tabs, 1)
    }
    return {
        **tabs,
        "open": Command(screen.open_run, lambda: with_run("open", "open")),
        "back": always("back", screen.step_back),
        "next_pane": always("next_pane", screen.other_half),
        "previous_pane": always("previous_pane", screen.other_half),
        "find": Command(screen.find, lambda: "filter" if screen.home.rows else ""),
        "kill": Command(partial(keys.kill, now=False), lambda: keys.kill_name("kill run"), keys.no_kill),
        "kill_now": Command(partial(keys.kill, now=True), lambda: keys.kill_name("kill run now"), keys.no_kill),
        "rerun": Command(keys.rerun, keys.rerun_name, lambda: "Every task of this run has succeeded, or is not over."),
        "retry": Command(keys.resume, keys.resume_name, lambda: "Nothing to retry."),
        "delete": Command(keys.delete, lambda: with_run("delete", "delete") if keys.over() else "", keys.no_delete),
        "export": Command(keys.export, lambda: with_run("export", "export scores")),
        "compare": Command(screen.next_base, screen.compare_name, lambda: "There is no earlier run of this config."),
        "copy": Command(keys.copy, lambda: with_run("copy", "copy id")),
        "open_folder": Command(keys.open_folder, lambda: with_run("open_folder", "open folder")),
        "new_run": always("new_run", partial(screen.type_into, "config")),
        "find_runs": always("find_runs", partial(screen.type_into, "folder")),
    }  # fmt: skip


class RunKeys:
    """What the keys do to the run under the cursor. Its tasks are those of the snapshot's detail."""

    def __init__(self, screen: HomeScreen) -> None:
        self._screen = screen

    def _rows(self, fits: Callable[[TaskRow], bool]) -> list[TaskRow]:
        detail = self._screen.detail
        return [row for row in detail.rows if fits(row)] if detail is not None else []

    def killable(self) -> list[TaskRow]:
        """Tasks that have not ended."""
        return self._rows(lambda row: not row.ended)

    def unsuccessful(self) -> list[TaskRow]:
        """Tasks that ended without success."""
        return self._rows(lambda row: row.ended and row.state != "succeeded")

    def over(self) -> bool:
        """Whether every task has ended."""
        return self._screen.row is not None and not self._screen.row.open

    def kill_name(self, name: str) -> str:
        """The name, while there is something to kill."""
        return name if self.killable() else ""

    def no_kill(self) -> str:
        """Why not."""
        return "This run has ended already." if self._screen.row is not None else ""

    def no_delete(self) -> str:
        """Why not."""
        return "This run has not ended: kill or finish its tasks, then delete it." if self._screen.row else ""

    def kill(self, *, now: bool) -> None:
        """Ask, then kill what has not ended."""
        if (run := self._screen.run) is not None:
            confirmed.kill(self._screen, run, self.killable(), others=0, now=now)

    def rerun_name(self) -> str:
        """`rerun 2`."""
        number = len(self.unsuccessful())
        return f"rerun {number}" if number else ""

    def rerun(self) -> None:
        """Ask how, then run again what did not succeed."""
        if (run := self._screen.run) is not None:
            confirmed.rerun(self._screen, run, self.unsuccessful(), after=self._screen.open_run)

    def resume_name(self) -> str:
        """What can be tried again."""
        row = self._screen.row
        return "resume run" if row is not None and row.state == "interrupted" else ""

    def resume(self) -> None:
        """Give the run an engine."""
        if (run := self._screen.run) is not None:
            self._screen.ask(partial(control.resume, run, self._screen.dashboard.env))

    def delete(self) -> None:
        """Ask, then delete."""
        from ..screens.delete import DeleteRunDialog

        screen, row, run = self._screen, self._screen.row, self._screen.run
        if row is None or run is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                screen.ask(partial(control.delete, run, screen.dashboard.env))

        screen.dashboard.push_screen(DeleteRunDialog(row.config, row.invocation, row.run_dir, row.total), answered)

    def export(self) -> None:
        """Ask for a file."""
        if (row := self._screen.row) is not None:
            self._screen.type_into("export", f"scores-{row.config or 'run'}-{row.invocation}.csv")

    def copy(self) -> None:
        """Copy the run's id."""
        if (row := self._screen.row) is not None:
            self._screen.dashboard.copy_to_clipboard(row.invocation)
            self._screen.dashboard.tell(f"Copied {row.invocation}.")

    def open_folder(self) -> None:
        """Show the run's files."""
        from pathlib import Path

        from .takeout import show_folder

        if (row := self._screen.row) is not None:
            self._screen.dashboard.tell(show_folder(Path(row.run_dir)))


def typed(screen: HomeScreen, purpose: str, text: str) -> None:
    """Something was typed into the prompt and meant."""
    if purpose == "config":
        _new_run(screen, text)
    elif purpose == "folder":
        screen.ask(partial(control.find_runs, text))
    elif purpose == "export" and (run := screen.run) is not None:
        screen.ask(partial(control.export, run, text))


def _new_run(screen: HomeScreen, path: str) -> None:
    """Show what a config would run, and run it when that is said there."""
    dashboard = screen.dashboard

    def shown(found: tuple[Config, Plan, Prepared]) -> None:
        config, plan, made = found

        def answered(jobs: tuple[str, ...] | None) -> None:
            if jobs:
                dashboard.ask(partial(control.create, plan, config), started)

        screen.show_preview(made, "" if dashboard.read_only else "run it now", answered)

    def started(run: Run) -> None:
        screen.look_again()
        dashboard.show_run(run, start=True)

    def again() -> None:
        # Unless something else has been begun meanwhile, what was typed is there to be mended.
        if dashboard.screen is screen and not screen.prompt.is_open:
            screen.type_into("config", path)

    dashboard.ask(partial(preview.of_config, path, dashboard.env), shown, again)
