"""The rules of a policy, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum


class Tier(StrEnum):
    """A failed critical rule is NO-GO, a failed supporting one INCONCLUSIVE; advisory ones are reported."""

    CRITICAL = "critical"
    SUPPORTING = "supporting"
    ADVISORY = "advisory"


@dataclass(frozen=True)
class Rule:
    """What one task, or all that a pattern names, must keep to. Amounts are fractions, or in the unit of the figure.

    `metric` and `direction` are what a policy of nemo-evaluator expects of the figure, "" for nothing.
    """

    task: str
    tier: Tier = Tier.CRITICAL
    must_run: bool = True
    min: float | None = None
    max: float | None = None
    max_drop: float | None = None
    max_relative_drop: float | None = None
    relative_guard_below: float | None = None
    equivalent_within: float | None = None
    max_cut: float | None = None
    max_unanswered: float | None = None
    max_flips: float | None = None
    min_n: float | None = None
    metric: str = ""
    direction: str = ""

    @property
    def needs_baseline(self) -> bool:
        """Whether it says something of a difference."""
        needing = (self.max_drop, self.max_relative_drop, self.equivalent_within, self.max_flips)
        return any(amount is not None for amount in needing)


_NO_AMOUNTS = ("task", "tier", "must_run", "metric", "direction")
AMOUNTS = tuple(field.name for field in fields(Rule) if field.name not in _NO_AMOUNTS)
