"""An engine that kills itself at a chosen step: `python -m tests.docker.dying_engine RUN_DIR before|after STEP TIME`.

STEP is one of STEPS; it dies at the TIME-th call of it (from 1) since the journal or a request spoke of a rerun.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evaldock.core.engine import engine, worker
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.engine.ledger import Ledger
from evaldock.core.run.store import Run

STEPS: dict[str, tuple[Any, str]] = {
    "archive": (engine, "archive_attempt"),
    "rename": (os, "rename"),
    "keep_spec": (engine, "keep_spec"),
    "record": (Ledger, "record"),
    "done": (engine, "done"),
    "write_inputs": (worker, "write_inputs"),
    "create": (DockerExecutor, "create"),
    "start": (DockerExecutor, "start"),
    "hand_back": (DockerExecutor, "hand_back"),
    "remove": (DockerExecutor, "remove"),
}


def die_at(when: str, step: str, time: int) -> None:
    """Replace the step by one that ends this process as kill -9 does."""
    owner, name = STEPS[step]
    real: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def dying(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == time and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **options)
        if calls == time and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)


if __name__ == "__main__":
    run = Run.open(Path(sys.argv[1]))
    die_at(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    engine.Engine(run, os.environ, DockerExecutor()).run()
