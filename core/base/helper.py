"""Starting programs of our own (`python -m evaldock...`, pip) beside whatever lies in the current directory.

`python -m` imports from the current directory first: in a directory that was downloaded, a `json.py` would run.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from .errors import EvaldockError

NEUTRAL = "/"
"""The directory that they work in."""

# What Python and the programs need to be found and to find their way; nothing here is a key.
_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TZ", "LANG", "LANGUAGE", "TMPDIR", "TEMP", "TMP", "VIRTUAL_ENV")
_KEPT_PREFIXES = ("LC_", "PYTHON", "LD_LIBRARY_", "DYLD_", "XDG_")

_HEAD = struct.Struct("=Q")
_PIECE = 1 << 16
_LOOK = 0.05  # seconds between looks at whether the asker has lost patience


def helper_command(module: str, *arguments: str) -> list[str]:
    """What runs a module of this Python without looking for code in the current directory (`-P`)."""
    return [sys.executable, "-P", "-m", module, *arguments]


def helper_env(env: Mapping[str, str] | None = None, also: Sequence[str] = ()) -> dict[str, str]:
    """Of `env` (default: this process's) what a helper needs, by name; no key is among it.

    `also` are beginnings of further names, in any case.
    """
    beginnings = (*_KEPT_PREFIXES, *also)
    return {
        name: value
        for name, value in (os.environ if env is None else env).items()
        if name in _KEPT or name.upper().startswith(beginnings)
    }


class HelperEnded(EvaldockError):
    """A helper gave no answer. `signal` is what ended it by itself, 0 when it was ended for being late."""

    def __init__(self, why: str, signal: int = 0) -> None:
        super().__init__(why)
        self.signal = signal


class Helper:
    """A process of our own that answers questions, one at a time: `python -P -m MODULE`, which calls `serve`.

    What strangers wrote is read there: it may take for ever, or all memory, and a process can be ended. Not safe from
    several threads at once.
    """

    def __init__(self, module: str) -> None:
        """Raises OSError when no process can be made."""
        self._process = subprocess.Popen(
            helper_command(module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=helper_env(),
            cwd=NEUTRAL,
            # A Ctrl-C in the terminal is for who asks.
            start_new_session=True,
        )

    def ask(self, question: bytes, seconds: float, given_up: Callable[[], bool] = lambda: False) -> bytes:
        """The answer. Raises HelperEnded when there is none within `seconds`, or when `given_up` says so."""
        process, until = self._process, time.monotonic() + seconds
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(OSError):  # who does not listen any more is found out below
            _write(process.stdin.fileno(), _HEAD.pack(len(question)) + question)
        answers = select.poll()  # select.select refuses descriptors from 1,024 on
        answers.register(process.stdout, select.POLLIN)
        data = bytearray()
        while len(data) < _HEAD.size or len(data) < _HEAD.size + _HEAD.unpack_from(data)[0]:
            if not answers.poll(_LOOK * 1000):
                if time.monotonic() > until or given_up():
                    self.close()
                    raise HelperEnded("it took too long")
                continue
            piece = os.read(process.stdout.fileno(), _PIECE)
            if not piece:
                code = process.wait()
                self.close()
                raise HelperEnded("it ended early", -code if code < 0 else signal.SIGABRT)
            data += piece
        return bytes(data[_HEAD.size :])

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it; safe to call twice."""
        if self._process.poll() is None:
            with contextlib.suppress(OSError):
                self._process.kill()
        with self._process:
            pass


def serve(answer: Callable[[bytes], bytes]) -> None:
    """Be a `Helper`: answer questions from standard input until it ends."""
    out = os.dup(1)
    os.dup2(2, 1)  # what prints has no place in an answer
    while len(head := _read(0, _HEAD.size)) == _HEAD.size:
        reply = answer(_read(0, _HEAD.unpack(head)[0]))
        _write(out, _HEAD.pack(len(reply)) + reply)


def _read(fd: int, size: int) -> bytes:
    data = bytearray()
    while len(data) < size and (piece := os.read(fd, min(_PIECE, size - len(data)))):
        data += piece
    return bytes(data)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
