"""The commands that change what runs: kill, rerun, preview, pause, resume, a shell."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..desktop import shell_command
from ..view.row import TaskRow
from . import confirmed, control, preview
from .command import Command, Commands

if TYPE_CHECKING:
    from ..screens.run import RunScreen


def task_commands(screen: RunScreen) -> Commands:
    """Kill, rerun, preview, pause, shell, try again."""
    keys = TaskKeys(screen)
    return {
        "kill": Command(partial(keys.kill, now=False), lambda: keys.named("kill", keys.killable()), keys.no_kill),
        "kill_now": Command(partial(keys.kill, now=True), lambda: "kill now" if keys.killable() else "", keys.no_kill),
        "rerun": Command(lambda: keys.rerun(keys.ended()), lambda: keys.named("rerun", keys.ended()), keys.no_rerun),
        "rerun_failed": Command(lambda: keys.rerun(keys.failed()), keys.failed_name, lambda: "No task has failed."),
        "preview": Command(keys.preview, lambda: "preview" if screen.row is not None else ""),
        "pause": Command(keys.pause, keys.pause_name, lambda: "Nothing waits in the queue."),
        "shell": Command(keys.shell, keys.shell_name, keys.no_shell),
        "retry": Command(keys.retry, keys.retry_name, lambda: "Nothing to retry."),
    }


class TaskKeys:
    """What the keys that change a run do on the run screen."""

    def __init__(self, screen: RunScreen) -> None:
        self._screen = screen

    # Which tasks

    def chosen(self) -> list[TaskRow]:
        """The marked tasks, or the one under the cursor."""
        screen = self._screen
        if marked := screen.table.marked:
            return [row for row in screen.snapshot.rows if row.job in marked]
        return [screen.row] if screen.row is not None else []

    def killable(self) -> list[TaskRow]:
        """Of the chosen ones, those that have not ended; none of a run that cannot be read."""
        if self._screen.snapshot.damaged:
            return []
        return [row for row in self.chosen() if not row.ended]

    def ended(self) -> list[TaskRow]:
        """Of the chosen ones, those that have ended; none of a run that cannot be read."""
        if self._screen.snapshot.damaged:
            return []
        return [row for row in self.chosen() if row.ended]

    def failed(self) -> list[TaskRow]:
        """All tasks of the run that failed or were lost; what was killed was meant to end."""
        if self._screen.snapshot.damaged:
            return []
        return [row for row in self._screen.snapshot.rows if row.state in ("failed", "lost", "skipped")]

    # What it is called, and why it cannot be done

    def named(self, verb: str, rows: Sequence[TaskRow]) -> str:
        """The footer's word for doing `verb` to these rows."""
        if not rows or not self._screen.table.marked:
            return verb if rows else ""
        return f"{verb} {len(rows)} marked" if self._screen.wide else f"{verb} {len(rows)}"

    def failed_name(self) -> str:
        """`rerun 2 failed`."""
        number = len(self.failed())
        return f"rerun {number} failed" if number and self._screen.wide else f"rerun {number}" if number else ""

    def no_kill(self) -> str:
        """Why there is nothing to kill."""
        row = self._screen.row
        return f"{row.task} has ended already: {row.state}." if row is not None else "There is no task."

    def no_rerun(self) -> str:
        """Why there is nothing to run again."""
        row = self._screen.row
        return f"{row.task} is {row.state}: it can run again once it has ended." if row is not None else ""

    def no_shell(self) -> str:
        """Why there is no shell."""
        row = self._screen.row
        return f"{row.task} is not running, so it has no container to enter." if row is not None else ""

    # What is done

    def kill(self, *, now: bool) -> None:
        """Ask, then kill."""
        screen, rows = self._screen, self.killable()
        jobs = [row.job for row in rows]
        others = sum(row.live and row.job not in jobs for row in screen.snapshot.rows)
        confirmed.kill(screen, screen.run, rows, others=others, now=now, after=screen.table.clear_marks)

    def rerun(self, rows: Sequence[TaskRow]) -> None:
        """Ask how, then run again."""
        confirmed.rerun(self._screen, self._screen.run, rows, after=self._screen.table.clear_marks)

    def preview(self) -> None:
        """What the chosen tasks run by; of ended ones, what would run again."""
        from ..screens.rerun import RerunChoice

        screen, ended = self._screen, self.ended()
        if ended:
            choice = RerunChoice(tuple(row.job for row in ended))
            confirmed.preview_rerun(screen, screen.run, choice, after=screen.table.clear_marks)
            return
        jobs = [row.job for row in self.chosen()]
        prepare = partial(preview.of_attempts, screen.run, jobs, screen.dashboard.env)
        screen.dashboard.ask(prepare, lambda made: screen.show_preview(made, "", lambda _run: None))

    def pause_name(self) -> str:
        """`pause queue` while something waits, `resume queue` while it is paused."""
        snapshot = self._screen.snapshot
        if snapshot.engine is None:
            return ""
        if snapshot.paused:
            return "resume queue"
        return "pause queue" if snapshot.counts.get("queued") else ""

    def pause(self) -> None:
        """Pause or go on."""
        screen = self._screen
        screen.ask(partial(control.pause, screen.run, on=not screen.snapshot.paused))

    def shell_name(self) -> str:
        """`shell` while the task under the cursor runs."""
        row = self._screen.row
        return "shell" if row is not None and row.state == "running" and not self._screen.snapshot.stale else ""

    def shell(self) -> None:
        """Leave the screen to a shell in the task's container, and come back when it ends."""
        screen = self._screen
        if screen.row is None:
            return
        name = screen.run.state().jobs[screen.row.job].container
        command = shell_command(name)
        if command is None:
            screen.dashboard.tell("A shell needs the program `docker`, and there is none on PATH.", "warning")
        else:
            screen.outside(partial(_shell, name, command))

    def retry_name(self) -> str:
        """What is broken and can be tried again."""
        snapshot = self._screen.snapshot
        if snapshot.damaged:
            return "look again"
        if snapshot.orphaned:
            return "" if snapshot.read_only else "resume run"
        return "try now" if snapshot.docker_down else ""

    def retry(self) -> None:
        """Try it again."""
        screen, env = self._screen, self._screen.dashboard.env
        if screen.snapshot.orphaned and not screen.snapshot.damaged:
            screen.start_engine(partial(control.resume, screen.run, env))
        else:
            screen.ask(partial(control.docker_again, env))


def _shell(name: str, command: list[str]) -> str:
    print(f"Shell in {name}. Leave it with exit or ctrl+d.", flush=True)
    done = subprocess.run(command, check=False)
    return "" if done.returncode in (0, 130) else f"The shell in {name} ended with exit code {done.returncode}."
