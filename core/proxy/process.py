"""The proxy from the engine's side: starting it, finding it again, telling it things. Imports no aiohttp."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from ..base.atomic import read_head, write_atomic
from ..base.clock import utc_iso
from ..base.errors import EvaldockError
from ..base.helper import NEUTRAL, helper_command
from ..base.lock import is_held
from ..config.model import Tree
from .lifetime import LOCK_FILE
from .listen import ListenError, bind_all
from .tokens import CONTROL, read_key
from .tokens import ensure_key as ensure_key
from .tokens import job_token as job_token

_START_PATIENCE = 20.0
_ASK_PATIENCE = 10.0
_STOP_PATIENCE = 15.0
_LOG_LIMIT = 1 << 16
_LOOPBACK = "127.0.0.1"
_LAST_BREATH = 1.0
_ABOUT = "proxy.json"
_LOG = "proxy.log"


class ProxyStartError(EvaldockError):
    """The proxy did not come up, or does not answer; the message is a sentence for the user."""


@dataclass(frozen=True)
class ProxyHandle:
    """A living proxy. `listen` are the addresses that it serves containers on `port` on; `control` is a port of this
    machine's loopback that it takes orders on. `process` is known to who started it."""

    run_dir: Path
    pid: int
    port: int
    control: int
    listen: tuple[str, ...] = ("127.0.0.1",)
    process: subprocess.Popen[bytes] | None = field(default=None, compare=False, repr=False)

    def alive(self) -> bool:
        """Whether the run has a proxy now, or one that is about to serve."""
        starting = self.process is not None and self.process.poll() is None
        return starting or is_held(self.run_dir / LOCK_FILE)

    def await_start(self) -> None:
        """Wait until it serves. Raises ProxyStartError with its last words."""
        try:
            self._ask("/-/jobs", None, _START_PATIENCE)
        except ProxyStartError as error:
            if self.process is None or not _ends(self.process):
                raise
            if find_proxy(self.run_dir) is None:
                said = _last_words(self.run_dir / _LOG)
                raise ProxyStartError(f"The proxy did not start: {said}") from error

    def update(self, jobs: Mapping[str, object]) -> dict[str, Tree]:
        """Replace all jobs; returns the last figures of those that left, by job id. Raises ProxyStartError."""
        answer = self._ask("/-/jobs", json.dumps({"jobs": jobs}).encode())
        left = answer.get("left")
        return cast("dict[str, Tree]", left) if isinstance(left, dict) else {}

    def stop(self, patience: float = _STOP_PATIENCE) -> None:
        """End the proxy when it has answered what is in flight; after `patience` seconds end it in any case."""
        with contextlib.suppress(ProxyStartError):
            self._ask("/-/stop", b"")
        for number, wait in ((None, patience), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
            # The lock tells that this pid is still the proxy's and not somebody else's.
            if number is not None and self.alive():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, number)
            deadline = time.monotonic() + wait
            while self.alive():
                if time.monotonic() > deadline:
                    break
                time.sleep(0.01)
            else:
                return

    def _ask(self, path: str, body: bytes | None, patience: float = _ASK_PATIENCE) -> Tree:
        """What a control request (a GET without `body`) is answered. Raises ProxyStartError."""
        if not self.alive():
            # Somebody else may have the port by now, and must not get to know token and keys.
            raise ProxyStartError(f"The proxy of {self.run_dir} is gone.")
        connection = http.client.HTTPConnection(_LOOPBACK, self.control, timeout=patience)
        try:
            headers = {"Authorization": f"Bearer {job_token(read_key(self.run_dir), CONTROL)}"}
            connection.request("GET" if body is None else "POST", path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
            tree: object = json.loads(data)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise ProxyStartError(f"The proxy of {self.run_dir} does not answer: {error}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise ProxyStartError(f"The proxy of {self.run_dir} refused ({answer.status}): {data.decode()[:400]}")
        return cast(Tree, tree) if isinstance(tree, dict) else {}


def find_proxy(run_dir: Path) -> ProxyHandle | None:
    """The living proxy of a run, None when there is none."""
    if not is_held(run_dir / LOCK_FILE):
        return None
    return _read_handle(run_dir)


def start_proxy(
    run_dir: Path,
    jobs: Mapping[str, object],
    listen: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    wait: bool = True,
) -> ProxyHandle:
    """Start the proxy of a run detached, or give `jobs` to the one that lives, and return it.

    It is given sockets that listen already: without `wait`, requests may be sent at once and are answered as soon as
    it is up. `env` (this process's own unless given) is what it finds proxies and certificates by; keys are taken out
    of it. Secrets in `jobs` go through a pipe. A port that a dead proxy of the run had is taken again if it is free,
    because containers that run on still call it. Raises ProxyStartError with the proxy's last words.
    """
    living = find_proxy(run_dir)
    if living is not None:
        try:
            living.update(jobs)
        except ProxyStartError:
            # It was just about to end.
            living.stop()
        else:
            return living
    former = _read_handle(run_dir)
    ensure_key(run_dir)
    try:
        sockets, port = bind_all(listen, former.port if former else 0)
        orders, control = bind_all([_LOOPBACK])
    except ListenError as error:
        raise ProxyStartError(str(error)) from None
    try:
        process = _spawn(run_dir, [*orders, *sockets], _without_secrets(jobs, os.environ if env is None else env))
    finally:
        for one in (*orders, *sockets):
            # The child has its own copies of those that it was given.
            one.close()
    handle = ProxyHandle(run_dir, process.pid, port, control, tuple(listen), process)
    about = {"pid": handle.pid, "port": port, "control": control, "listen": list(listen), "started": utc_iso()}
    write_atomic(run_dir / _ABOUT, json.dumps(about).encode() + b"\n", sync=False)
    if process.stdin is not None:
        # A child that is dead already says why in its log.
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(json.dumps({"jobs": jobs}).encode() + b"\n")
    if wait:
        handle.await_start()
    return handle


def _spawn(run_dir: Path, sockets: Sequence[socket.socket], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    numbers = [one.fileno() for one in sockets]
    with open(run_dir / _LOG, "ab", opener=_private) as sink:
        return subprocess.Popen(
            helper_command("evaldock.core.proxy", str(run_dir), *map(str, numbers)),
            stdin=subprocess.PIPE,
            stdout=sink,
            stderr=sink,
            env=dict(env),
            cwd=NEUTRAL,
            start_new_session=True,
            pass_fds=numbers,
        )


def _without_secrets(jobs: Mapping[str, object], env: Mapping[str, str]) -> dict[str, str]:
    """`env` but for the variables that hold a job's API key."""
    keys = {cast(Tree, job).get("api_key") for job in jobs.values() if isinstance(job, dict)}
    return {name: value for name, value in env.items() if not value or value not in keys}


def _read_handle(run_dir: Path) -> ProxyHandle | None:
    try:
        tree = json.loads(read_head(run_dir / _ABOUT, _LOG_LIMIT) or b"")
        listen = tuple(str(address) for address in tree["listen"])
        return ProxyHandle(run_dir, int(tree["pid"]), int(tree["port"]), int(tree["control"]), listen)
    except (ValueError, KeyError, TypeError):
        return None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _ends(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process is about to end, or has."""
    try:
        process.wait(_LAST_BREATH)
    except subprocess.TimeoutExpired:
        return False
    return True


def _last_words(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"{log} is empty"
