"""Running a run in this process, once and to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ..engine.engine import Engine

if TYPE_CHECKING:
    from ..engine.executor import Executor
    from ..run.events import Event
    from ..run.store import Run


def once(
    run: Run,
    env: Mapping[str, str],
    executor: Executor,
    *,
    on_event: Callable[[Event], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> None:
    """Drive the run's engine until every job has ended. See `Engine` for the arguments and what it raises.

    Ctrl-C stops the jobs, a second one kills them, and KeyboardInterrupt follows.
    """
    engine = Engine(run, env, executor, on_event=on_event, on_notice=on_notice)
    interrupted = False
    with ThreadPoolExecutor(1, "engine") as threads:
        work = threads.submit(engine.run)
        while not work.done():
            try:
                work.exception()
            except KeyboardInterrupt:
                interrupted = True
                engine.interrupt()
    work.result()
    if interrupted:
        raise KeyboardInterrupt
