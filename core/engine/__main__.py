"""The detached engine: `python -m evaldock.core.engine RUN_DIR`."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path

from ..base.dumps import no_dumps
from ..base.errors import EvaldockError
from ..base.sanitize import log_to_stderr
from ..run.store import Run
from .engine import Engine
from .executors import checked_executor
from .spawn import ONLY_REQUESTS


def main() -> int:
    """Own one run until nothing is left to do. 0: every job has ended; else the `ExitCode` of what is in the way."""
    os.umask(0o077)
    no_dumps()
    log_to_stderr()
    try:
        # Before the run is taken: whoever waits for the lock would take an engine that cannot work for one that does.
        executor = checked_executor()
        engine = Engine(Run.open(Path(sys.argv[1])), os.environ, executor, start_jobs=ONLY_REQUESTS not in sys.argv)

        def leave(_number: int, _frame: object) -> None:
            # An engine that is told to go leaves its containers alone: the next one takes them over.
            engine.leave()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, leave)
        engine.run()
    except EvaldockError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except OSError as error:
        # The last line is what the face that started this engine shows.
        logging.exception("The engine cannot continue.")
        print(f"{error.filename or sys.argv[1]}: {error.strerror or error}.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
