"""Reading what a container left, in a process of its own: `python -m evaldock.core.results.reader`. See `apart`.

More memory than it may use is an error there; more time ends it.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import pickle
import resource
import signal
import traceback
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, cast

from ..base.helper import serve
from ..base.units import size
from .apart import MEMORY, SECONDS, ReaderAnswer

_SPENT = 256 << 20  # who had so much has too much left of it

_Question = tuple[Callable[..., object], tuple[object], dict[str, object]]


def _answer(question: bytes) -> bytes:
    # The default action of this signal ends the process.
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    reply = _packed(question)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return reply


def _packed(question: bytes) -> bytes:
    function, args, kwargs = cast(_Question, pickle.loads(question))
    spent = False
    try:
        value = function(*args, **kwargs)
        spent = _most_memory() > _SPENT
        return sent(ReaderAnswer(value, spent=spent))
    except MemoryError:
        pass
    except Exception:  # noqa: BLE001 - the one who asked tells of it
        return sent(ReaderAnswer(defect=traceback.format_exc(limit=-8)))
    return sent(ReaderAnswer(problem=f"need more than the {size(MEMORY)} of memory allowed", spent=True))


def _most_memory() -> int:
    """The most bytes of memory that this program has had."""
    # getrusage tells the most that the process had before it became this program, too: that is the asker's.
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: object, /) -> Any:
        # Python 3.11.0 to 3.11.3 names a member of an enum by getattr, which the other side does not take.
        return (type(obj), (obj.value,)) if isinstance(obj, Enum) else NotImplemented


def sent(answer: ReaderAnswer) -> bytes:
    """The answer as bytes that hold nothing but evaldock's own classes and plain values."""
    packed = io.BytesIO()
    _Pickler(packed).dump(answer)
    return packed.getvalue()


def _get_ready() -> None:
    # Who starts this early has it imported by the time of the first question.
    importlib.import_module(f"{__package__}.compare.reading")


def _limit() -> None:
    # Other jobs' requests come first.
    os.nice(10)
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    _limit()
    _get_ready()
    serve(_answer)
