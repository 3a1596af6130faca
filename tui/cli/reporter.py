"""What a run tells while it runs without a dashboard: lines for people, or JSON lines for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TextIO

from ...core.base.sanitize import json_text
from ..draw.cells import cut_middle
from . import rows as texts
from .errors import silence
from .exit_codes import ExitCode
from .style import Style, style_of

if TYPE_CHECKING:
    from ...core.run.status import JobStatus

HEARTBEAT = 30.0  # seconds of silence after which a line says that the run is alive
_CLEAR = "\r\x1b[K"


class Reporter(Protocol):
    """One face of a run in progress. All calls come from one thread."""

    def launched(self, launch: Launch) -> None:
        """The run exists on disk and nothing was started yet."""
        ...

    def changed(self, row: JobStatus, at: str) -> None:
        """One job changed its state at `at` (UTC ISO 8601)."""
        ...

    def wants_rows(self) -> bool:
        """Whether a `tick` now would show something; looking at a run costs, so it is asked first."""
        ...

    def tick(self, rows: Sequence[JobStatus]) -> None:
        """Time has passed: all jobs as they are now."""
        ...

    def note(self, text: str) -> None:
        """A sentence to the user that is not data."""
        ...

    def finished(self, rows: Sequence[JobStatus], code: ExitCode) -> None:
        """The run has ended; nothing comes after this."""
        ...


class Launch:
    """What is known of a run before any work: its id, its directory, its jobs as `{job, task, image}`."""

    def __init__(self, invocation: str, run_dir: str, jobs: Sequence[Mapping[str, str]]) -> None:
        self.invocation = invocation
        self.run_dir = run_dir
        self.jobs = list(jobs)

    def to_json(self) -> dict[str, object]:
        """The object `run --json` and `run --detach --json` print."""
        return {"invocation": self.invocation, "run_dir": self.run_dir, "jobs": [dict(job) for job in self.jobs]}


class Out:
    """A stream whose reader may go away: from then on nothing is written and the run goes on."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.gone = False

    def write(self, text: str) -> None:
        """Writes and flushes `text`."""
        if self.gone:
            return
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:
            # A closed pipe, a terminal that has gone, a full disk under a redirect.
            self.gone = True
            silence(self.stream)


def make_reporter(*, as_json: bool) -> Reporter:
    """The reporter for this process's stdout."""
    return JsonReporter(Out(sys.stdout)) if as_json else PlainReporter(Out(sys.stdout), style_of(sys.stdout))


class JsonReporter:
    """JSON lines only: `launch`, one `job` per transition, `done`."""

    def __init__(self, out: Out) -> None:
        self._out = out

    def launched(self, launch: Launch) -> None:
        """Prints the `launch` line."""
        self._line({"event": "launch", **launch.to_json()})

    def changed(self, row: JobStatus, at: str) -> None:
        """Prints the job's status object."""
        self._line({"event": "job", "at": at, **row.to_json()})

    def wants_rows(self) -> bool:
        """Never: programs read transitions."""
        return False

    def tick(self, rows: Sequence[JobStatus]) -> None:
        """Nothing to say."""

    def note(self, text: str) -> None:
        """Talk goes to stderr."""
        Out(sys.stderr).write(f"evaldock: {texts.plain(text)}\n")

    def finished(self, rows: Sequence[JobStatus], code: ExitCode) -> None:
        """Prints the `done` line."""
        self._line({"event": "done", "exit_code": int(code), "jobs": [row.to_json() for row in rows]})

    def _line(self, value: object) -> None:
        self._out.write(json_text(value, separators=(",", ":")) + "\n")


class PlainReporter:
    """Lines for people: one per transition, a heartbeat in silence, a table at the end."""

    def __init__(self, out: Out, style: Style) -> None:
        self._out = out
        self._style = style
        self._task_width = 0
        self._run_dir = ""
        self._invocation = ""
        self._spoke = time.monotonic()
        self._status_shown = False

    def launched(self, launch: Launch) -> None:
        """Names the run and where its files are."""
        self._run_dir, self._invocation = launch.run_dir, launch.invocation
        self._task_width = min(32, max((len(job["task"]) for job in launch.jobs), default=0))
        number = len(launch.jobs)
        tasks = "1 task" if number == 1 else f"{number} tasks"
        self._say(f"{self._style.paint(f'run {launch.invocation}', 'bold')}  {tasks}  {texts.plain(self._run_dir)}")

    def changed(self, row: JobStatus, at: str) -> None:
        """Prints the transition."""
        self._say(texts.transition(row, at, self._style, self._task_width))

    def wants_rows(self) -> bool:
        """On a terminal always, else after `HEARTBEAT` seconds of silence."""
        return not self._out.gone and (self._style.live or time.monotonic() - self._spoke >= HEARTBEAT)

    def tick(self, rows: Sequence[JobStatus]) -> None:
        """Rewrites the status line of a terminal, or prints the heartbeat."""
        figures = texts.live_figures(rows)
        text = texts.counts(rows) + (f"  ({figures})" if figures else "")
        if not self._style.live:
            self._say(f"{time.strftime('%H:%M:%S')}  {self._style.glyph('queued')} {text}")
            return
        width = (self._style.width or 80) - 1
        line = self._style.paint(cut_middle(f"{time.strftime('%H:%M:%S')}  {text}", width, self._style.ellipsis), "dim")
        self._out.write(_CLEAR + line)
        self._status_shown = True

    def note(self, text: str) -> None:
        """Talk goes to stderr, after the status line has gone."""
        self._wipe()
        Out(sys.stderr).write(f"evaldock: {texts.plain(text)}\n")

    def finished(self, rows: Sequence[JobStatus], code: ExitCode) -> None:
        """Prints the final table, and what can be done next."""
        self._say("")
        for line in texts.final_table(rows, self._style, self._run_dir):
            self._say(line)
        self._say("")
        self._say(f"{texts.counts(rows)}.  Files: {texts.plain(self._run_dir)}")
        if code is not ExitCode.OK:
            self._say(f"Run the unsuccessful ones again: evaldock rerun {self._invocation} --failed")

    def _say(self, line: str) -> None:
        self._wipe()
        self._out.write(line + "\n")
        self._spoke = time.monotonic()

    def _wipe(self) -> None:
        if self._status_shown:
            self._out.write(_CLEAR)
            self._status_shown = False
