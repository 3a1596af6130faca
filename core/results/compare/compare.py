"""The comparison of two runs, task by task."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...catalog.measure import Direction, Unit
from ...run.store import Run
from ...statistics.interval import successes
from ...statistics.paired import Contrast, equivalent
from ...statistics.power import smallest_difference
from ...statistics.several import holm
from ...statistics.unpaired import TwoErrors, TwoShares
from ..ci import Ci, contrast_by
from ..samples.evidence import Evidence
from .answered import answered
from .comparable import differences, obstacle
from .flips import lost
from .model import Difference, Flip, Settings, Verdict
from .pool import sides_of
from .side import Side
from .words import span, threshold


def compare(before: Run, after: Run, settings: Settings | None = None) -> tuple[Difference, ...]:
    """The tasks that both runs have, in the order of the first. Raises RunDamaged."""
    return compare_sides(sides_of(before), sides_of(after), settings)


def compare_sides(
    before: Mapping[str, Side], after: Mapping[str, Side], settings: Settings | None = None
) -> tuple[Difference, ...]:
    """The tasks that both have; p values are corrected for how many there are."""
    settings = settings or Settings()
    drafts = [_draft(side, after[task], settings.ci) for task, side in before.items() if task in after]
    tested = [draft for draft in drafts if draft.contrast is not None]
    adjusted = iter(holm([draft.contrast.p for draft in tested if draft.contrast is not None]))
    return tuple(
        _judged(draft, next(adjusted), len(tested), settings) if draft.contrast else draft.row for draft in drafts
    )


def contrasts(before: Mapping[str, Side], after: Mapping[str, Side]) -> tuple[tuple[Difference, Contrast | None], ...]:
    """Of each task that both have: what is known of the difference before it is judged, and the test; None for none."""
    drafts = (_draft(side, after[task]) for task, side in before.items() if task in after)
    return tuple((draft.row, draft.contrast) for draft in drafts)


@dataclass(frozen=True)
class _Draft:
    row: Difference
    contrast: Contrast | None = None


def _draft(before: Side, after: Side, ci: Ci | None = None) -> _Draft:
    row = Difference(before.task, before.run, after.run, before.job, after.job)
    told = answered(before, after)
    if told is not None:
        row = replace(row, asked=told.asked, changed=len(told.changed), written=before.all_pairs and after.all_pairs)
        row = replace(row, flips=tuple(Flip(prompt, None, None) for prompt in told.changed))
    one, other = before.score, after.score
    if one is not None and other is not None:
        row = replace(
            row, metric=one.metric, unit=one.unit, direction=one.direction, before=one.value, after=other.value
        )
        row = replace(row, notes=differences(before, after))
    reason = obstacle(before, after)
    if reason or one is None or other is None:
        return _Draft(replace(row, why=reason))
    if before.evidence is not None and after.evidence is not None:
        draft = _paired(row, before.evidence, after.evidence, ci)
        said = lost(draft.row, before, after)
        return replace(draft, row=replace(draft.row, notes=(*draft.row.notes, said))) if said else draft
    right = successes(one.value, one.n), successes(other.value, other.n)
    found: Contrast | None = None
    repeated = one.repeats > 1 or other.repeats > 1
    if not repeated and right[0] is not None and right[1] is not None and one.n and other.n:
        found = TwoShares(right[0], one.n, right[1], other.n)
    elif one.stderr is not None and other.stderr is not None and one.stderr + other.stderr > 0:
        found = TwoErrors(other.value - one.value, math.hypot(one.stderr, other.stderr))
    if found is None:
        return _Draft(replace(row, why="neither the samples nor an error are known", delta=other.value - one.value))
    return _Draft(row, found)


def _paired(row: Difference, before: Evidence, after: Evidence, ci: Ci | None) -> _Draft:
    one, other = before.means, after.means
    shared = [item for item in one if item in other]
    left_out = len(one) + len(other) - 2 * len(shared)
    if not shared:
        return _Draft(replace(row, why="other samples: they have none in common"))
    first, second = [one[item] for item in shared], [other[item] for item in shared]
    clusters = {**after.clusters, **before.clusters}
    named = [clusters.get(item, item) for item in shared] if clusters else None
    flips = tuple(Flip(item, a, b) for item, a, b in zip(shared, first, second, strict=True) if a != b)
    row = replace(
        row,
        before=math.fsum(first) / len(first),
        after=math.fsum(second) / len(second),
        pairs=len(shared),
        left_out=left_out,
        flips=flips or row.flips,
        **_counts(flips, row.direction),
    )
    return _Draft(row, contrast_by(first, second, named, ci, share=row.unit == Unit.FRACTION))


def _counts(flips: Sequence[Flip], direction: str) -> dict[str, int]:
    """How many samples got better and worse; where nothing says which way that is, more counts as better."""
    lower = direction == Direction.LOWER
    up = sum(flip.change > 0 for flip in flips)
    return {"fixed": len(flips) - up, "broke": up} if lower else {"fixed": up, "broke": len(flips) - up}


def _judged(draft: _Draft, p_holm: float, tasks: int, settings: Settings) -> Difference:
    found = draft.contrast
    assert found is not None
    ends = found.interval()
    row = replace(
        draft.row,
        delta=found.delta,
        low=ends.low if ends else None,
        high=ends.high if ends else None,
        p=found.p,
        p_holm=p_holm,
        test=found.test.value,
        mde=smallest_difference(found.error) if found.error else None,
    )
    verdict, why = _verdict(row, found, tasks, settings)
    return replace(row, verdict=verdict, why=why)


def _verdict(row: Difference, found: Contrast, tasks: int, settings: Settings) -> tuple[Verdict, str]:
    same = row.unit == Unit.FRACTION and equivalent(found, settings.margin)
    within = f"within ±{threshold(settings.margin, row.unit)}"
    if row.p_holm is not None and row.p_holm < settings.alpha and found.delta != 0:
        if row.direction == Direction.UNKNOWN:
            return (
                Verdict.INCOMPARABLE,
                f"{span(row)}, but nothing says which way is better: set `direction` in a catalog",
            )
        better = (found.delta > 0) == (row.direction == Direction.HIGHER)
        return (Verdict.BETTER if better else Verdict.WORSE), span(row) + (f"; {within}" if same else "")
    if same:
        return Verdict.EQUIVALENT, f"{span(row)}: {within}"
    why = span(row)
    if row.p is not None and row.p < settings.alpha:
        why += f"; p {row.p:.3f} alone, but {row.p_holm:.3f} as one of {tasks} tasks"
    if row.mde is not None:
        why += f"; this comparison would see {threshold(row.mde, row.unit)}"
    return Verdict.UNTOLD, why
