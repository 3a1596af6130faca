"""`evaldock logs`: what tasks print, whole or as it comes."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..draw.cells import cell_len, padded
from .complete import IdType
from .epilog import examples
from .errors import UsageProblem
from .exit_codes import ExitCode
from .rows import plain
from .select import Target, newest, targets
from .style import Style, style_of

if TYPE_CHECKING:
    from ...core.logs.follow import LogFollower

_POLL = 0.1  # seconds between looks at logs that gave nothing
_ORPHANED = 2.0  # seconds without an engine after which nobody will tell us that a job has ended
_LONGEST = 1 << 16  # bytes of an unfinished line held back for its prefix
_TAIL_WHEN_FOLLOWING = 15


@click.command(
    epilog=examples(("logs -f", "follow the newest run until it ends"), ("logs 3f2a.0", "what one job printed"))
)
@click.argument("ids", nargs=-1, type=IdType(), metavar="[ID]...")
@click.option("-f", "--follow", is_flag=True, help="Keep printing until the jobs have ended.")
@click.option("-n", "--tail", type=click.IntRange(min=0), metavar="N", help="Start with the last N lines.")
@click.option("--attempt", type=click.IntRange(min=1), metavar="N", help="The log of an earlier attempt.")
def command(ids: tuple[str, ...], follow: bool, tail: int | None, attempt: int | None) -> ExitCode:
    """Show the output of tasks (default: those of the newest run).

    Without -n the whole log is shown, with --follow its last 15 lines and everything after them. One job is shown
    byte for byte when stdout is not a terminal; with several jobs, each line begins with the name of its job.
    """
    found = targets(ids) if ids else newest()
    if not found:
        click.echo("There are no runs yet. Start one: evaldock run PATH.yaml", err=True)
        return ExitCode.OK
    style = style_of(sys.stdout)
    streams = _streams(found, attempt, style)
    lines = _TAIL_WHEN_FOLLOWING if tail is None and follow else tail
    for stream in streams:
        if lines is not None:
            stream.log.seek_last(lines)
    try:
        if follow and attempt is None:
            _follow(found, streams)
        else:
            for stream in streams:
                _drain(stream)
    except KeyboardInterrupt:
        # The usual way to stop following.
        return ExitCode.INTERRUPTED
    finally:
        for stream in streams:
            stream.log.close()
    return ExitCode.OK


class _Stream:
    """One job's log on its way to stdout.

    On a terminal it is cleaned of everything that could steer it, else the bytes stay as they are. `prefix` goes
    before every line when there are several streams; lines are then written whole.
    """

    def __init__(self, task: str, log: LogFollower, prefix: str, style: Style, *, tty: bool) -> None:
        from ...core.base.sanitize import Cleaner

        self.task = task
        self.log = log
        self.seen = False
        self._prefix = prefix.encode(sys.stdout.encoding or "utf-8", "backslashreplace")
        self._cleaner = Cleaner(keep_colour=style.colour) if tty else None
        self._reset = b"\x1b[0m" if style.colour else b""
        self._held = b""

    def pump(self) -> bool:
        """Write what is new, one block at most; False when there was nothing."""
        data = self.log.read()
        if data:
            self.seen = True
            self._write(data if self._cleaner is None else self._encoded(self._cleaner.feed_bytes(data)))
        return bool(data)

    def finish(self) -> None:
        """Write what was held back."""
        if self._cleaner is not None:
            self._write(self._encoded(self._cleaner.flush()))
        if self._held:
            self._write(b"\n")

    def _encoded(self, text: str) -> bytes:
        return text.encode(sys.stdout.encoding or "utf-8", "backslashreplace")

    def _write(self, data: bytes) -> None:
        out = sys.stdout.buffer
        if not self._prefix:
            out.write(data)
        else:
            *whole, self._held = (self._held + data).split(b"\n")
            if len(self._held) > _LONGEST:
                whole.append(self._held)
                self._held = b""
            # A colour that a line leaves open must not run into the next line's name.
            out.write(b"".join(self._prefix + line + self._reset + b"\n" for line in whole))
        out.flush()


def _streams(found: Sequence[Target], attempt: int | None, style: Style) -> list[_Stream]:
    from ...core.logs.follow import LogFollower

    jobs = [(target, job) for target in found for job in target.jobs]
    names = [plain(target.run.job(job).task) for target, job in jobs]
    # Two runs, or one task twice: only the id tells them apart.
    labels = [name if names.count(name) == 1 else f"{name} {job}" for name, (_, job) in zip(names, jobs, strict=True)]
    width = max(map(cell_len, labels))
    tty = sys.stdout.isatty()
    streams: list[_Stream] = []
    for index, ((target, job), label) in enumerate(zip(jobs, labels, strict=True)):
        prefix = style.prefix(f"{padded(label, width)} | ", index) if len(jobs) > 1 else ""
        log = LogFollower(_log_path(target, job, attempt))
        streams.append(_Stream(label, log, prefix, style, tty=tty))
    return streams


def _log_path(target: Target, job: str, attempt: int | None) -> Path:
    paths = target.run.paths.job(target.run.job(job).dir_name)
    newest_attempt = target.run.state().jobs[job].attempt
    if attempt is None or attempt == newest_attempt:
        return paths.stdout
    if attempt > newest_attempt:
        tries = "1 attempt" if newest_attempt == 1 else f"{newest_attempt} attempts"
        raise UsageProblem(f"{job} has had {tries} so far; there is no attempt {attempt}.")
    return paths.attempt(attempt) / "logs" / "stdout.log"


def _drain(stream: _Stream) -> None:
    while stream.pump():
        pass
    stream.finish()
    if not stream.seen:
        click.echo(f"{stream.task}: nothing written.", err=True)


def _follow(found: Sequence[Target], streams: Sequence[_Stream]) -> None:
    orphaned_since: float | None = None
    while True:
        # Asked before reading: what was written before the end is then surely read.
        ended = all(_ended(target) for target in found)
        got = [stream.pump() for stream in streams]
        if any(got):
            continue
        if ended:
            break
        if all(_ended(target) or target.run.engine_alive() is not None for target in found):
            orphaned_since = None
        else:
            orphaned_since = orphaned_since or time.monotonic()
            if time.monotonic() - orphaned_since > _ORPHANED:
                _tell_orphans(found)
                break
        time.sleep(_POLL)
    for stream in streams:
        stream.finish()


def _ended(target: Target) -> bool:
    jobs = target.run.state().jobs
    return all(jobs[job].state.terminal for job in target.jobs)


def _tell_orphans(found: Sequence[Target]) -> None:
    for target in found:
        if not _ended(target) and target.run.engine_alive() is None:
            invocation = target.run.invocation
            click.echo(f"The engine of run {invocation} has stopped. Resume it: evaldock resume {invocation}", err=True)
