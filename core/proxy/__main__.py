"""The proxy of one run: `python -m evaldock.core.proxy RUN_DIR FD...`.

The descriptors are sockets that listen already, the first for the engine; jobs, with their secrets, come on standard
input.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import cast

from ..base.dumps import no_dumps
from ..base.sanitize import log_to_stderr
from ..config.model import Tree
from .accept import Acceptor
from .control import Control
from .forward import Forwarder
from .jobs import Jobs
from .lifetime import Need, take_proxy_lock
from .server import Server
from .tokens import CONTROL, job_token, read_key

_LOG = logging.getLogger("evaldock.proxy")
_NEED_EVERY = 5  # seconds
_ALREADY = 3


def main() -> int:
    """Serve until the run is over. 0: ended in good order; 2: could not start; 3: the run has a proxy already."""
    os.umask(0o077)
    no_dumps()
    log_to_stderr()
    run_dir = Path(sys.argv[1]).resolve()
    try:
        tree = cast(Tree, json.loads(sys.stdin.buffer.read()))
        lock = take_proxy_lock(run_dir)
        if lock is None:
            print(f"The run in {run_dir} has a proxy already.", file=sys.stderr)
            return _ALREADY
        asyncio.run(_serve(run_dir, tree, [socket.socket(fileno=int(text)) for text in sys.argv[2:]]))
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    except (ValueError, KeyError, TypeError) as error:
        print(f"The proxy was not told its jobs properly: {error}", file=sys.stderr)
        return 2
    return 0


async def _serve(run_dir: Path, tree: Tree, sockets: list[socket.socket]) -> None:
    jobs = Jobs(run_dir)
    jobs.replace(cast("dict[str, object]", tree["jobs"]), resumed=True)
    forwarder = Forwarder()
    control = Control(jobs, job_token(read_key(run_dir), CONTROL))
    halls = (Server(jobs, forwarder).hall(), control.hall())
    doors = (Acceptor(sockets[1:], halls[0]), Acceptor(sockets[:1], halls[1]))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, control.hurry)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    names = [one.getsockname() for one in sockets[1:]]
    _LOG.info("listening on %s, port %s", ", ".join(name[0] for name in names), names[0][1] if names else "none")
    _settle()
    for door in doors:
        door.start()
    try:
        why = await _until_done(jobs, control, Need(run_dir))
        _LOG.info("ends: %s", why)
        # From here on nobody new gets in; what is in flight is answered.
        for door in doors:
            door.stop()
        while jobs.in_flight and not control.hurried:
            await asyncio.sleep(0.02)
    finally:
        for hall in halls:
            hall.pre_shutdown()
            await hall.shutdown(0.1)
        forwarder.close()
        jobs.close()
        if run_dir.is_dir():
            jobs.write(jobs.everything())


def _settle() -> None:
    # Requests make few cycles: looking through all modules for them again and again costs a tenth of the speed.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def _until_done(jobs: Jobs, control: Control, need: Need) -> str:
    """Write the figures each second until the proxy is to end; returns why."""
    seconds = 0
    while not await _set_within(control.stopping, 1.0):
        await _write_due(jobs)
        seconds += 1
        if seconds % _NEED_EVERY == 0 and (why := need.over(jobs.seen, jobs.in_flight)):
            return why
    return "it was asked to"


async def _write_due(jobs: Jobs) -> None:
    try:
        files = jobs.due()
        if files:
            await asyncio.get_running_loop().run_in_executor(None, jobs.write, files)
    except Exception:  # noqa: BLE001
        # What an endpoint says is in these figures, and must not end the proxy of all jobs.
        _LOG.exception("the figures were not written")


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await event.wait()
    return False


if __name__ == "__main__":
    sys.exit(main())
