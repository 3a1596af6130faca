"""The figure that a job is known by, as the journal keeps it and every face shows it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal, cast, get_args

from ..base.narrow import Json, as_number, as_text, as_tree, as_whole

Validity = Literal["valid", "suspect", "invalid"]
"""Whether the requests behind a score bear it: they do; perhaps not quite; they do not, so it says nothing."""


@dataclass(frozen=True)
class Score:
    """The figure shown for a job. `validity` tells what it is worth, `why` what there is to say of it."""

    metric: str
    value: float
    stderr: float | None = None
    n: int | None = None
    validity: Validity = "valid"
    why: str = ""

    @property
    def valid(self) -> bool:
        """Whether it is a score at all."""
        return self.validity != "invalid"

    def to_json(self) -> Json:
        """`{metric, value, stderr, n, validity, why, valid}`."""
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
        )
