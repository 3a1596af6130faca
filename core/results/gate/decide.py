"""GO, NO-GO or INCONCLUSIVE, from a policy, a run and the run that it is measured against."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from ...base.narrow import Json
from ...catalog.measure import Direction
from ...run.figures import read_figures
from ...run.score import Score
from ...run.store import Run
from ...statistics.paired import Contrast
from ...statistics.power import pairs_needed
from ...statistics.several import holm
from ..compare.compare import contrasts
from ..compare.model import Difference
from ..compare.pool import sides_of
from ..compare.side import Side
from ..compare.words import figure, span, threshold
from ..samples.model import plain
from .rule import Rule, Tier

ALPHA = 0.025  # one-sided: the end of a 95 % interval


class Outcome(StrEnum):
    """Of a whole policy."""

    GO = "GO"
    NO_GO = "NO-GO"
    INCONCLUSIVE = "INCONCLUSIVE"


class Passed(StrEnum):
    """Of one check."""

    PASS = "pass"
    FAIL = "fail"
    UNSURE = "inconclusive"


@dataclass(frozen=True)
class Check:
    """One line of one rule for one task. `why` is a sentence without its full stop; `needs` is how many samples (times
    repeats) would decide what so many could not."""

    task: str
    tier: Tier
    rule: str
    passed: Passed
    why: str
    needs: int | None = None
    p: float | None = None

    def to_json(self) -> Json:
        """Its fields."""
        return {**asdict(self), "tier": self.tier.value, "passed": self.passed.value}


@dataclass(frozen=True)
class Decision:
    """All checks, and what follows from them."""

    outcome: Outcome
    checks: tuple[Check, ...]

    def to_json(self) -> Json:
        """`{outcome, checks}`."""
        return {"outcome": self.outcome.value, "checks": [check.to_json() for check in self.checks]}


def decide(rules: Sequence[Rule], run: Run, baseline: Run | None) -> Decision:
    """Raises RunDamaged. A rule about a difference needs a `baseline`: without one it is inconclusive."""
    return decide_sides(
        rules, sides_of(run), sides_of(baseline) if baseline is not None else {}, lambda side: _answers(run, side)
    )


def decide_sides(
    rules: Sequence[Rule],
    sides: Mapping[str, Side],
    baseline: Mapping[str, Side],
    answers: Callable[[Side], tuple[int, int, int]],
) -> Decision:
    """`answers` gives how many requests of a side were answered, how many of those were cut, how many were not."""
    pairs = {row.task: (row, found) for row, found in contrasts(baseline, sides)}
    checks: list[Check] = []
    for rule in rules:
        tasks = [task for task, side in sides.items() if _meant(rule, side)]
        if not tasks and rule.must_run:
            checks.append(Check(rule.task, rule.tier, "must_run", Passed.FAIL, "the run has no such task"))
        for task in tasks:
            checks += _checks(rule, sides[task], pairs.get(task), answers)
    checks = _corrected(checks)
    return Decision(_outcome(checks), tuple(checks))


def _meant(rule: Rule, side: Side) -> bool:
    """Whether a rule is about this task, by its name or by that and its harness."""
    names = (side.task, f"{side.spec.harness}.{side.task}")
    return any(fnmatch.fnmatchcase(name, rule.task) for name in names)


def _checks(
    rule: Rule,
    side: Side,
    pair: tuple[Difference, Contrast | None] | None,
    answers: Callable[[Side], tuple[int, int, int]],
) -> Iterator[Check]:
    def check(name: str, passed: Passed, why: str, needs: int | None = None, p: float | None = None) -> Check:
        return Check(side.task, rule.tier, name, passed, why, needs, p)

    score = side.score
    if score is None or not score.valid:
        if rule.must_run:
            why = f"it is {side.state} and has no score" if score is None else f"its score is invalid: {score.why}"
            yield check("must_run", Passed.FAIL, why.rstrip(". "))
        return
    if rule.metric and plain(rule.metric) not in plain(score.metric):
        yield check(
            "metric", Passed.UNSURE, f"the policy is about {rule.metric}, and the task is known by {score.metric}"
        )
        return
    for name, bound, sign in (("min", rule.min, 1), ("max", rule.max, -1)):
        if bound is not None:
            yield _bounded(score, name, bound, sign, check)
    if rule.min_n is not None:
        n = (score.n or 0) * score.repeats
        yield check(
            "min_n", Passed.PASS if n >= rule.min_n else Passed.FAIL, f"{n:,} of at least {rule.min_n:,.0f} samples"
        )
    answered, cut, unanswered = answers(side)
    if rule.max_cut is not None:
        share = cut / answered if answered else 0.0
        passed = Passed.PASS if share <= rule.max_cut else Passed.FAIL
        yield check("max_cut", passed, f"{cut:,} of {answered:,} answers cut off, {100 * share:.1f} %")
    if rule.max_unanswered is not None:
        share = unanswered / max(1, answered + unanswered)
        # From 1 on it is a number of samples, below a share of them.
        over = unanswered > rule.max_unanswered if rule.max_unanswered >= 1 else share > rule.max_unanswered
        yield check("max_unanswered", Passed.FAIL if over else Passed.PASS, f"{unanswered:,} without an answer")
    if rule.needs_baseline:
        yield from _against(rule, pair, check)


_Check = Callable[..., Check]


def _bounded(score: Score, name: str, bound: float, sign: int, check: _Check) -> Check:
    """Whether a score is at least (`sign` 1) or at most (-1) `bound`, by the ends of its interval."""
    low, high = score.low, score.high
    words = f"{figure(score.value, score.unit)}, {'at least' if sign > 0 else 'at most'} {figure(bound, score.unit)}"
    if low is None or high is None:
        good = sign * (score.value - bound) >= 0
        return check(name, Passed.PASS if good else Passed.FAIL, f"{words}; its error is not known")
    words += f"; between {figure(low, score.unit)} and {figure(high, score.unit)}"
    near, far = (low, high) if sign > 0 else (high, low)
    if sign * (near - bound) >= 0:
        return check(name, Passed.PASS, words)
    if sign * (far - bound) < 0:
        return check(name, Passed.FAIL, words)
    distance, half = abs(score.value - bound), (high - low) / 2
    needs = math.ceil(score.n * (half / distance) ** 2) if score.n and distance > 0 else None
    return check(name, Passed.UNSURE, words + _needed(needs, score.n), needs)


def _against(rule: Rule, pair: tuple[Difference, Contrast | None] | None, check: _Check) -> Iterator[Check]:
    if pair is None:
        yield check("baseline", Passed.UNSURE, "the baseline has no such task")
        return
    row, found = pair
    if found is None:
        yield check("baseline", Passed.UNSURE, f"not comparable with the baseline: {row.why}")
        return
    row = _with_ends(row, found)
    if rule.direction and row.direction not in (Direction.UNKNOWN, rule.direction):
        why = f"the policy says that {rule.direction} is better, and the figure that {row.direction} is"
        yield check("direction", Passed.UNSURE, why)
        return
    row = replace(row, direction=rule.direction or row.direction)
    if rule.max_drop is not None:
        yield _dropped(row, found, rule.max_drop, "max_drop", check)
    guarded = rule.relative_guard_below is None or (row.before is not None and row.before < rule.relative_guard_below)
    if rule.max_relative_drop is not None and row.before is not None and guarded:
        yield _dropped(row, found, rule.max_relative_drop * abs(row.before), "max_relative_drop", check)
    if rule.equivalent_within is not None:
        yield _same(row, found, rule.equivalent_within, check)
    if rule.max_flips is not None:
        if row.broke is None:
            yield check("max_flips", Passed.UNSURE, "the samples are not known")
        else:
            passed = Passed.PASS if row.broke <= rule.max_flips else Passed.FAIL
            yield check("max_flips", passed, f"{row.broke:,} broke, at most {rule.max_flips:,.0f}")


def _dropped(row: Difference, found: Contrast, most: float, name: str, check: _Check) -> Check:
    """Non-inferiority: passed when a drop of `most` is ruled out."""
    gain = -found.delta if row.direction == Direction.LOWER else found.delta
    words = f"{span(row)}; a drop of {threshold(most, row.unit)}"
    if row.direction == Direction.UNKNOWN:
        return check(name, Passed.UNSURE, f"{words}: nothing says which way is better")
    p = chance_of_drop(found, most, lower=row.direction == Direction.LOWER)
    if p < ALPHA:
        return check(name, Passed.PASS, f"{words} is ruled out", None, p)
    if gain <= -most and (found.p < 2 * ALPHA or most == 0):
        return check(name, Passed.FAIL, f"{words} is seen", None, p)
    needs = None
    if row.pairs and found.error and gain + most > 0:
        needs = pairs_needed(found.error, row.pairs, gain + most)
    return check(name, Passed.UNSURE, f"{words} is not ruled out" + _needed(needs, row.pairs), needs, p)


def _same(row: Difference, found: Contrast, margin: float, check: _Check) -> Check:
    narrow = found.interval(0.90)
    words = f"{span(row)}; within ±{threshold(margin, row.unit)}"
    if narrow is not None and -margin < narrow.low and narrow.high < margin:
        return check("equivalent_within", Passed.PASS, words)
    if narrow is not None and (narrow.low > margin or narrow.high < -margin):
        return check("equivalent_within", Passed.FAIL, f"not so: {words}")
    room = margin - abs(found.delta)
    needs = pairs_needed(found.error, row.pairs, room) if row.pairs and found.error and room > 0 else None
    return check("equivalent_within", Passed.UNSURE, f"not shown: {words}" + _needed(needs, row.pairs), needs)


def chance_of_drop(found: Contrast, most: float, *, lower: bool) -> float:
    """One-sided p of "it is worse by `most` or more": where the interval that just leaves it out ends."""
    inside, outside = 0.0, 1.0  # confidence levels
    for _ in range(40):
        level = (inside + outside) / 2
        ends = found.interval(level) if 0 < level < 1 else None
        if ends is None:
            return 1.0
        loss = ends.high if lower else -ends.low
        inside, outside = (level, outside) if loss < most else (inside, level)
    return (1 - inside) / 2


def _with_ends(row: Difference, found: Contrast) -> Difference:
    ends = found.interval()
    return replace(row, delta=found.delta, low=ends.low if ends else None, high=ends.high if ends else None, p=found.p)


def _corrected(checks: Sequence[Check]) -> list[Check]:
    """Holm over the drops of each tier: with many tasks one is ruled out by luck."""
    found = list(checks)
    for tier in Tier:
        places = [place for place, check in enumerate(found) if check.tier is tier and check.p is not None]
        for place, p in zip(places, holm([found[place].p or 0.0 for place in places]), strict=True):
            check = found[place]
            if check.passed is Passed.PASS and p >= ALPHA:
                why = f"{check.why} alone, but not as one of {len(places)} tasks"
                found[place] = replace(check, passed=Passed.UNSURE, why=why)
    return found


def _outcome(checks: Sequence[Check]) -> Outcome:
    of = {(check.tier, check.passed) for check in checks}
    if (Tier.CRITICAL, Passed.FAIL) in of:
        return Outcome.NO_GO
    unsure = (Tier.CRITICAL, Passed.UNSURE) in of or (Tier.SUPPORTING, Passed.FAIL) in of
    return Outcome.INCONCLUSIVE if unsure else Outcome.GO


def _answers(run: Run, side: Side) -> tuple[int, int, int]:
    figures = read_figures(run, side.job, run.state().jobs[side.job].attempt)
    if figures is None:
        return 0, 0, 0
    return figures.ok, dict(figures.finish_reasons).get("length", 0), figures.unanswered


def _needed(needs: int | None, n: int | None) -> str:
    """What would decide: so many samples, or so many repeats of those that there are."""
    if needs is None:
        return ""
    repeats = f", or {math.ceil(needs / n):,} repeats of these {n:,}" if n and needs > n else ""
    return f"; about {needs:,} samples{repeats} would decide"
