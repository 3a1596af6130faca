"""The commands that change what runs: kill, rerun, preview, pause, resume, a shell."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .. import deeds
from ..view.row import TaskRow
from .command import Command, Commands

if TYPE_CHECKING:
    from ..screens.rerun import RerunChoice
    from ..screens.run import RunScreen

_ENDED = frozenset(("succeeded", "failed", "killed", "lost", "skipped"))
_UNSUCCESSFUL = _ENDED - {"succeeded"}


def task_commands(screen: RunScreen) -> Commands:
    """Kill, rerun, preview, pause, shell, try again."""
    keys = TaskKeys(screen)
    return {
        "kill": Command(keys.kill, lambda: keys.named("kill", keys.killable()), keys.nothing_to_kill),
        "kill_now": Command(keys.kill_now, lambda: "kill now" if keys.killable() else "", keys.nothing_to_kill),
        "rerun": Command(keys.rerun, lambda: keys.named("rerun", keys.ended()), keys.nothing_to_rerun),
        "rerun_failed": Command(keys.rerun_failed, keys.rerun_failed_name, lambda: "No task has failed."),
        "preview": Command(keys.preview, lambda: "preview" if screen.snapshot.rows else ""),
        "pause": Command(keys.pause, keys.pause_name, lambda: "Nothing waits in the queue."),
        "shell": Command(keys.shell, keys.shell_name, keys.no_shell),
        "retry": Command(keys.retry, keys.retry_name, lambda: "Nothing is broken here."),
    }


class TaskKeys:
    """What the keys that change a run do on the run screen."""

    def __init__(self, screen: RunScreen) -> None:
        self._screen = screen

    def killable(self) -> list[TaskRow]:
        """The marked tasks, or the one under the cursor, as far as they have not ended."""
        return [row for row in self._screen.chosen_rows() if row.state not in _ENDED]

    def ended(self) -> list[TaskRow]:
        """The same as far as they have ended."""
        return [row for row in self._screen.chosen_rows() if row.state in _ENDED]

    def failed(self) -> list[TaskRow]:
        """All tasks of the run that ended without success."""
        return [row for row in self._screen.snapshot.rows if row.state in _UNSUCCESSFUL]

    def named(self, verb: str, rows: Sequence[TaskRow]) -> str:
        """The footer's word for doing `verb` to these rows."""
        if not rows or not self._screen.marked:
            return verb if rows else ""
        return f"{verb} {len(rows)} marked" if self._screen.wide else f"{verb} {len(rows)}"

    def rerun_failed_name(self) -> str:
        """`rerun 2 failed`."""
        number = len(self.failed())
        if not number:
            return ""
        return f"rerun {number} failed" if self._screen.wide else f"rerun {number}"

    def nothing_to_kill(self) -> str:
        """Why not."""
        row = self._screen.row
        return f"{row.task} has {_past(row.state)} already." if row is not None else "There is no task."

    def nothing_to_rerun(self) -> str:
        """Why not."""
        row = self._screen.row
        return f"{row.task} is {row.state}: it can run again once it has ended." if row is not None else ""

    def kill(self) -> None:
        """Ask, then kill."""
        self._kill(now=False)

    def kill_now(self) -> None:
        """Ask, then kill without grace."""
        self._kill(now=True)

    def _kill(self, *, now: bool) -> None:
        from ..screens.kill import KillDialog

        screen, rows = self._screen, self.killable()
        jobs = [row.job for row in rows]
        grace = max(job.kill_grace for job in screen.run.plan.jobs if job.id in jobs)
        others = sum(row.state in ("running", "starting", "pulling") for row in screen.snapshot.rows if row not in rows)

        def chosen(how: str | None) -> None:
            if how is not None:
                screen.ask(lambda: deeds.kill(screen.run, jobs, screen.dashboard.env, force=how == "now"))
                screen.clear_marks()

        screen.app.push_screen(KillDialog(rows, grace=grace, others=others, now=now), chosen)

    def rerun(self) -> None:
        """Ask with which overrides, then run again."""
        self._rerun(self.ended())

    def rerun_failed(self) -> None:
        """The same for all that failed."""
        self._rerun(self.failed())

    def _rerun(self, rows: Sequence[TaskRow]) -> None:
        from ..screens.rerun import RerunDialog

        screen = self._screen

        def chosen(choice: RerunChoice | None) -> None:
            if choice is None:
                return
            jobs, overrides = choice.jobs, choice.overrides
            screen.ask(lambda: deeds.rerun(screen.run, jobs, overrides, screen.dashboard.env))
            screen.clear_marks()

        screen.app.push_screen(RerunDialog(rows), chosen)

    def preview(self) -> None:
        """What would run, in full."""

    def pause_name(self) -> str:
        """`pause queue` while something waits, `resume queue` while it is paused."""
        snapshot = self._screen.snapshot
        if snapshot.paused:
            return "resume queue"
        return "pause queue" if any(row.state == "queued" for row in snapshot.rows) else ""

    def pause(self) -> None:
        """Pause or go on."""
        screen, on = self._screen, not self._screen.snapshot.paused
        screen.ask(lambda: deeds.pause(screen.run, on=on))

    def shell_name(self) -> str:
        """`shell` while the task under the cursor runs."""
        row = self._screen.row
        return "shell" if row is not None and row.state == "running" else ""

    def no_shell(self) -> str:
        """Why not."""
        row = self._screen.row
        return f"{row.task} is not running, so it has no container to enter." if row is not None else ""

    def shell(self) -> None:
        """Leave the screen to a shell in the task's container, and come back when it ends."""
        screen, row = self._screen, self._screen.row
        if row is None:
            return
        name = screen.run.state().jobs[row.job].container
        if shutil.which("docker") is None:
            screen.dashboard.tell("A shell needs the program `docker`, and there is none on PATH.", "warning")
            return
        print_first = f"Shell in {name}. Leave it with exit or ctrl+d."
        screen.outside(lambda: _shell(name, print_first))

    def retry_name(self) -> str:
        """What is broken and can be tried again."""
        return self._screen.broken_name()

    def retry(self) -> None:
        """Try it again."""
        screen = self._screen
        if screen.broken_name() == "resume run":
            screen.ask(lambda: deeds.resume(screen.run, screen.dashboard.env))
        else:
            screen.feed.poke()


def _past(state: str) -> str:
    return {"lost": "been lost", "killed": "been killed", "skipped": "been skipped"}.get(state, state)


def _shell(name: str, first: str) -> str:
    print(first, flush=True)
    done = subprocess.run(["docker", "exec", "-it", name, "sh"], check=False)
    return "" if done.returncode in (0, 130) else f"The shell in {name} ended with exit code {done.returncode}."


OutsideWork = Callable[[], str]
"""Something that has the terminal to itself; returns what to tell afterwards."""
