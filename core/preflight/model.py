"""The values of a preflight: what a check found, and what checks look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ..plan.spec import Plan

if TYPE_CHECKING:
    from ..engine.docker.survey import Survey

CheckState = Literal["ok", "warn", "fail", "skipped"]
"""`warn` may be meant so and stops nothing; `fail` will cost jobs; `skipped` could not be told, `text` says why."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    `name` is one short word (`docker`, `image`, `endpoint`, `key`, `model`, ...) and may come several times.
    `text` is a phrase that can stand beside it, `remedy` a sentence that says what to do ("" when nothing is).
    `tasks` are those that it is about, none when it is about the whole run. `seconds` is how long it took. No secret
    value is in any of it.
    """

    name: str
    state: CheckState
    text: str
    remedy: str = ""
    seconds: float = 0.0
    tasks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The object that `evaldock check --json` prints."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}


def _survey() -> Survey:
    # The quick look at a run's start needs no Docker, and should not wait for its modules.
    from ..engine.docker.survey import Survey

    return Survey()


@dataclass(frozen=True)
class Subject:
    """What is checked: a plan (None: only the machine), the environment that its jobs would get, and Docker.

    `quiet`: nothing may be sent to another machine, and nothing started.
    """

    plan: Plan | None
    env: Mapping[str, str]
    quiet: bool = False
    docker: Survey = field(default_factory=_survey)


@dataclass(frozen=True)
class Probe:
    """A function that finds out about one or several things; `name` stands for it when it does not come back."""

    name: str
    look: Callable[[Subject], Iterator[Check]]
