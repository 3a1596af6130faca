"""Reading artifacts in a process of its own, with limits: what a container wrote can neither hold up nor fill ours.

tree = read_apart(read_tree, artifacts, fmt=...)
"""

from __future__ import annotations

import atexit
import contextlib
import io
import logging
import pickle
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar, cast

from ..base.errors import EvaldockError
from ..base.helper import Helper, HelperEnded

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("evaldock.results")

MEMORY = 1 << 30
SECONDS = 20.0
"""What a reader may use: bytes, and seconds of processor time for each question."""


@dataclass(frozen=True)
class ReaderAnswer:
    """`value` is what the function returned, unless `problem` (the end of a sentence) or `defect` (a traceback) tell
    why it did not. `spent`: the reader is not worth a further question."""

    value: object = None
    problem: str = ""
    defect: str = ""
    spent: bool = False


_PATIENCE = 6 * SECONDS  # on the clock, where other programs want the processor, too
_MOST_IDLE = 2  # who compares reads two runs at once
_idle: list[Helper] = []
_lock = threading.Lock()


class ReadingFailed(EvaldockError):
    """What was to be read could not be, within the limits; the message is the end of a sentence about the results."""


class GivenUp(ReadingFailed):
    """The one who asked did not want to wait any longer."""


def read_apart(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `function`, one of this package that stands at the top of a module, returns. Raises ReadingFailed."""
    return read_unless(lambda: False, function, *args, **kwargs)


def read_unless(given_up: Callable[[], bool], function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As `read_apart`; also raises GivenUp as soon as `given_up`, which is asked again and again, says so."""
    question = pickle.dumps((function, args, kwargs))
    try:
        helper = _take()
        answer = _unpacked(helper.ask(question, _PATIENCE, given_up))
    except HelperEnded as error:
        if given_up():
            raise GivenUp("were not read to their end") from None
        late = error.signal in (0, signal.SIGVTALRM)
        why = f"take more than the {SECONDS:.0f} s allowed to read" if late else "ended the process that read them"
        raise ReadingFailed(why) from error
    except OSError as error:
        raise ReadingFailed(f"cannot be read: {error.strerror}") from error
    _give_back(helper, answer.spent)
    if answer.defect:
        log.error("%s", answer.defect)
        raise ReadingFailed("meet a defect in evaldock")
    if answer.problem:
        raise ReadingFailed(answer.problem)
    return cast(T, answer.value)


def prepare(number: int) -> None:
    """Start so many processes that read, so that they get ready while the one who will ask does something else."""
    with contextlib.suppress(OSError), _lock:
        _idle.extend(Helper(f"{__package__}.reader") for _ in range(number - len(_idle)))


def _take() -> Helper:
    with _lock:
        idle = _idle.pop() if _idle else None
    if idle is not None and not idle.alive:
        idle.close()
        idle = None
    return idle or Helper(f"{__package__}.reader")


def _give_back(helper: Helper, spent: bool) -> None:
    with _lock:
        if not spent and len(_idle) < _MOST_IDLE:
            _idle.append(helper)
            return
    helper.close()


@atexit.register
def end_idle() -> None:
    """End the processes that wait for a question."""
    with _lock:
        while _idle:
            _idle.pop().close()


class _Values(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> object:
        if module_name.startswith("evaldock.core."):
            return super().find_class(module_name, global_name)
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is no result")


def _unpacked(data: bytes) -> ReaderAnswer:
    found: object = _Values(io.BytesIO(data)).load()
    assert isinstance(found, ReaderAnswer)
    return found
