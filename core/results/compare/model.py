"""What a comparison says, as frozen values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum

from ...base.narrow import Json
from ...catalog.measure import Direction, Unit
from ..ci import Ci


class Verdict(StrEnum):
    """Of a task in two runs. `not told apart` claims no sameness: this comparison cannot see a difference."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    UNTOLD = "not told apart"
    INCOMPARABLE = "not comparable"


@dataclass(frozen=True)
class Settings:
    """`margin` is the difference, in units of the figure, within which runs count as equivalent; shares only.
    `alpha` is how often a difference may be seen where none is, over all tasks of a comparison together. `ci` is the
    method of the intervals of pairs, None for the one that fits best."""

    margin: float = 0.01
    alpha: float = 0.05
    ci: Ci | None = None


@dataclass(frozen=True, slots=True)
class Flip:
    """A sample that scored otherwise: its id, and its scores before and after; None where there is no score, and the
    answers are not the same."""

    item: str
    before: float | None
    after: float | None

    @property
    def change(self) -> float:
        """After minus before; 0 without scores."""
        return 0.0 if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class Difference:
    """One task in two runs, "after minus before" in the unit of the figure.

    Where it is paired, `before` and `after` are the means of the `pairs` that both have, and `left_out` samples are in
    one run alone. `low` and `high` are the 95 % interval of `delta`; `p` is two-sided, `p_holm` corrected for how many
    tasks there are; `mde` the smallest difference that this comparison finds four times in five. None for what is not
    known. `asked` prompts were answered in both as far as the proxy wrote it down, `changed` of them otherwise;
    `written`: it wrote down all. `why` is a sentence without its full stop, `notes` what else differs between the runs.
    """

    task: str
    run_before: str
    run_after: str
    job_before: str = ""
    job_after: str = ""
    metric: str = ""
    unit: str = Unit.NUMBER.value
    direction: str = Direction.UNKNOWN.value
    before: float | None = None
    after: float | None = None
    delta: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    test: str = ""
    pairs: int | None = None
    left_out: int | None = None
    broke: int | None = None
    fixed: int | None = None
    mde: float | None = None
    verdict: Verdict = Verdict.INCOMPARABLE
    why: str = ""
    notes: tuple[str, ...] = ()
    asked: int | None = None
    changed: int | None = None
    written: bool = False
    flips: tuple[Flip, ...] = field(default=(), compare=False, repr=False)

    def to_json(self) -> Json:
        """Its fields but the flips."""
        tree = asdict(self)
        del tree["flips"]
        return {**tree, "verdict": self.verdict.value, "notes": list(self.notes)}

    @property
    def loss(self) -> float | None:
        """How much worse it may be: the worse end of the interval as a positive number; None where nothing tells."""
        return _worse(self.direction, self.low, self.high)

    @property
    def point_loss(self) -> float | None:
        """How much worse it is by the point estimate."""
        return _worse(self.direction, self.delta, self.delta)


def _worse(direction: str, low: float | None, high: float | None) -> float | None:
    if low is None or high is None:
        return None
    if direction == Direction.HIGHER:
        return -low
    return high if direction == Direction.LOWER else max(-low, high)
