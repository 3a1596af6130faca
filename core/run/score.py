"""The figure that a job is known by, as the journal keeps it and every face shows it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Literal, cast, get_args

from ..base.narrow import Json, as_number, as_text, as_tree, as_whole
from ..catalog.measure import Direction, Unit

Validity = Literal["valid", "suspect", "invalid"]
"""Whether the requests behind a score bear it: they do; perhaps not quite; they do not, so it says nothing."""


@dataclass(frozen=True)
class Score:
    """The figure shown for a job. `validity` tells what it is worth, `why` what there is to say of it.

    `unit` and `direction` are words of `catalog.measure`. `n` items were each asked `repeats` times. `low` and `high`
    are the ends of the 95 % interval made by the method `ci`; `evidence` is the file with the samples behind it.
    """

    metric: str
    value: float
    stderr: float | None = None
    n: int | None = None
    validity: Validity = "valid"
    why: str = ""
    unit: str = Unit.NUMBER.value
    direction: str = Direction.UNKNOWN.value
    repeats: int = 1
    low: float | None = None
    high: float | None = None
    ci: str = ""
    evidence: str = ""

    @property
    def valid(self) -> bool:
        """Whether it is a score at all."""
        return self.validity != "invalid"

    def to_json(self) -> Json:
        """Its fields, and `valid`."""
        return {**asdict(self), "valid": self.valid}

    @classmethod
    def from_json(cls, value: object) -> Score | None:
        """What `to_json` wrote; None for what has no finite value. One of a validity unknown here is suspect."""
        tree = as_tree(value)
        figure = as_number(tree.get("value"))
        if figure is None:
            return None
        said = tree.get("validity")
        return cls(
            metric=as_text(tree.get("metric")),
            value=figure,
            stderr=as_number(tree.get("stderr")),
            n=as_whole(tree.get("n")),
            validity=cast(Validity, said) if said in get_args(Validity) else "suspect",
            why=as_text(tree.get("why")),
            unit=_word(Unit, tree.get("unit"), Unit.NUMBER),
            direction=_word(Direction, tree.get("direction"), Direction.UNKNOWN),
            repeats=as_whole(tree.get("repeats")) or 1,
            low=as_number(tree.get("low")),
            high=as_number(tree.get("high")),
            ci=as_text(tree.get("ci")),
            evidence=as_text(tree.get("evidence")),
        )


def _word(kind: type[StrEnum], value: object, default: StrEnum) -> str:
    return value if isinstance(value, str) and value in set(kind) else default.value
