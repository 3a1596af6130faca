"""All checks at once, each on a thread of its own; whoever asks hears of each as soon as it is known."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue

from .model import Check, Probe, Subject

DEADLINE = 60.0
"""Seconds after which a check that is still at work counts as failed."""


@dataclass(eq=False)
class _Look:
    """One probe at work and what it has found; `told` of that was passed on."""

    probe: Probe
    found: list[Check] = field(default_factory=list[Check])
    told: int = 0
    done: bool = False


def run_probes(
    subject: Subject,
    probes: Sequence[Probe],
    *,
    on_check: Callable[[Check], None] = lambda check: None,
    in_order: bool = False,
    deadline: float = DEADLINE,
) -> tuple[Check, ...]:
    """What `probes` find, in their order. `on_check` hears of each check as it comes, or `in_order`, from this thread.

    Blocks for at most `deadline` seconds; a probe that is late is a failed check, and what it finds later is lost.
    """
    inbox: SimpleQueue[tuple[_Look, Check | None]] = SimpleQueue()
    looks = [_Look(probe) for probe in probes]
    for look in looks:
        name = f"check {look.probe.name}"
        threading.Thread(target=_work, args=(subject, look, inbox), daemon=True, name=name).start()
    ends = time.monotonic() + deadline
    while not all(look.done for look in looks):
        try:
            look, check = inbox.get(timeout=max(0.0, ends - time.monotonic()))
        except Empty:
            break
        if check is None:
            look.done = True
        else:
            look.found.append(check)
        _tell(looks, on_check, in_order=in_order)
    for look in looks:
        if not look.done:
            look.done = True
            text = f"no answer within {deadline:g} s"
            look.found.append(
                Check(look.probe.name, "fail", text, "Try again when the machine is less busy.", deadline)
            )
    _tell(looks, on_check, in_order=in_order)
    return tuple(check for look in looks for check in look.found)


def _tell(looks: Sequence[_Look], on_check: Callable[[Check], None], *, in_order: bool) -> None:
    for look in looks:
        for check in look.found[look.told :]:
            look.told += 1
            on_check(check)
        if in_order and not look.done:
            return


def _work(subject: Subject, look: _Look, inbox: SimpleQueue[tuple[_Look, Check | None]]) -> None:
    began = time.monotonic()
    try:
        for check in look.probe.look(subject):
            now = time.monotonic()
            inbox.put((look, replace(check, seconds=now - began)))
            began = now
    except Exception as error:  # noqa: BLE001 - one broken check must not take the others' answers away
        text = f"the check itself broke: {type(error).__name__}: {error}"
        remedy = "This is a fault in evaldock; the other checks hold."
        inbox.put((look, Check(look.probe.name, "fail", text, remedy, time.monotonic() - began)))
    finally:
        inbox.put((look, None))
