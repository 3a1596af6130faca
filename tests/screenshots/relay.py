"""A socket in front of the machine's Docker that may go away, so that Docker itself need not be stopped."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from pathlib import Path


class Relay:
    """Hands on what comes in at `path`, for as long as it is open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
        assert host.startswith("unix://"), f"the pictures need a Docker at a Unix socket, not at {host}"
        self._docker = host.removeprefix("unix://")
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self._listener: socket.socket | None = None

    @property
    def host(self) -> str:
        """For DOCKER_HOST."""
        return f"unix://{self._path}"

    def open(self) -> None:
        """Be there, from now on or again."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._listener.listen(64)
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Go away as a daemon does that dies: connections end, and nobody listens."""
        with self._lock:
            listener, self._listener = self._listener, None
            if listener is None:
                return
            self._path.unlink()
            for end in (listener, *self._ends):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            listener.close()
            self._ends.clear()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._docker)
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with self._lock:
            self._ends += [near, far]
        back = threading.Thread(target=_pass, args=(far, near), daemon=True)
        back.start()
        _pass(near, far)
        back.join()
        with self._lock:
            self._ends = [end for end in self._ends if end not in (near, far)]
        near.close()
        far.close()


def _pass(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(1 << 16):
            other.sendall(data)
    # A half-closed connection is one that Docker's streams live on: only this direction is over.
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
