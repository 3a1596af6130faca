"""Drives a run's engine inside this process and tells a reporter about it, with signals heard at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING

from . import exit_codes
from .exit_codes import ExitCode
from .follow import Follower, selected
from .reporter import Launch, Reporter

if TYPE_CHECKING:
    from ...core.engine.engine import Engine
    from ...core.engine.executor import Executor
    from ...core.run.events import Event
    from ...core.run.store import Run

_TICK = 0.5  # seconds between looks at the live figures


@dataclass(frozen=True)
class _Signal:
    number: int


@dataclass(frozen=True)
class _Notice:
    text: str


@dataclass(frozen=True)
class _Ended:
    error: BaseException | None


if TYPE_CHECKING:
    _Message = Event | _Signal | _Notice | _Ended


def launch_of(run: Run) -> Launch:
    """What the reporters and `--detach --json` say about a run before any work."""
    jobs = [{"job": job.id, "task": job.task, "image": job.image} for job in run.plan.jobs]
    return Launch(run.invocation, str(run.paths.root), jobs)


def drive(
    run: Run,
    env: Mapping[str, str],
    reporter: Reporter,
    executor: Executor,
    *,
    jobs: Collection[str] | None = None,
) -> ExitCode:
    """Run the engine until every job has ended; the exit code tells of `jobs` (all when None).

    The first SIGINT, SIGTERM or SIGHUP stops the jobs, the next one kills them; both give 130. Raises what the
    engine raises.
    """
    from ...core.base.dumps import no_dumps
    from ...core.engine.engine import Engine

    no_dumps()
    # A SimpleQueue may be put to from a signal handler; a Queue could deadlock on its own lock there.
    inbox: SimpleQueue[_Message] = SimpleQueue()
    follower = Follower(run, run.state(), reporter)
    reporter.launched(launch_of(run))
    engine = Engine(run, env, executor, on_event=inbox.put, on_notice=lambda text: inbox.put(_Notice(text)))
    with _signals(lambda number: inbox.put(_Signal(number))):
        worker = threading.Thread(target=_work, args=(engine, inbox.put), name="engine")
        worker.start()
        try:
            interrupts = _listen(inbox, follower, engine, reporter)
        except BaseException:
            # Whatever broke this face must not break the tasks: they stay for `resume`.
            engine.leave()
            raise
        finally:
            worker.join()
    rows = run.statuses()
    code = exit_codes.of_finished(row.state.value for row in selected(rows, jobs))
    if interrupts:
        code = ExitCode.INTERRUPTED
    reporter.finished(rows, code)
    return code


def _work(engine: Engine, put: Callable[[_Message], None]) -> None:
    try:
        engine.run()
    except BaseException as error:  # noqa: BLE001 - carried to the main thread, which raises it
        put(_Ended(error))
    else:
        put(_Ended(None))


def _listen(inbox: SimpleQueue[_Message], follower: Follower, engine: Engine, reporter: Reporter) -> int:
    """Handle messages until the engine has ended; how often the user interrupted."""
    interrupts = 0
    while True:
        try:
            message = inbox.get(timeout=_TICK)
        except Empty:
            follower.tick()
            continue
        if isinstance(message, _Ended):
            if message.error is not None:
                raise message.error
            return interrupts
        if isinstance(message, _Signal):
            interrupts += 1
            reporter.note(_interrupted(interrupts))
            engine.interrupt()
        elif isinstance(message, _Notice):
            reporter.note(message.text)
        else:
            follower.take(message)


def _interrupted(times: int) -> str:
    if times == 1:
        return "stopping the tasks; once more kills them at once."
    return "killing the tasks."


@contextmanager
def _signals(heard: Callable[[int], None]) -> Generator[None, None, None]:
    def handle(number: int, _frame: FrameType | None) -> None:
        heard(number)

    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        # nohup and CI runners ignore SIGHUP on purpose: what was ignored stays ignored.
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, handle)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
