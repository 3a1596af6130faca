"""How much two runs of one model differ by themselves: remembered from every set of repeats, in `spread.json` of the
state directory, and held against later differences of single runs.

The file is the user's alone, replaced as a whole, and keeps the newest sets. One that cannot be read is set aside.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from ..base.atomic import make_dirs, read_regular, write_atomic
from ..base.clock import utc_iso
from ..base.home import state_dir
from ..base.lock import take_lock
from ..base.narrow import Json, as_items, as_number, as_text, as_tree, as_whole
from ..catalog.model import REPEAT_NAMES
from ..plan.repeats import SEED_NAMES
from ..run.access import read_only
from ..run.store import Run
from ..statistics.repeats import Spread, pooled_spread, reach
from .compare.model import Difference
from .compare.side import Side, params_of
from .compare.words import threshold
from .repeated import repeats_in
from .samples.model import digest

FILE = "spread.json"
MOST_SETS = 500
_MOST_BYTES = 1 << 20
_MOST_TEXT = 200
_PATIENCE = 2.0
# How fast it was asked, how often, and with which seed: none of it changes how much answers vary.
_NO_MATTER = frozenset({"parallelism", "request_timeout", "max_retries", *REPEAT_NAMES, *SEED_NAMES})


@dataclass(frozen=True)
class RepeatSet:
    """How much the runs of one set of repeats differed: `deviation` in the unit of the figure, `freedom` its degrees
    of freedom. `how` stands for the parameters that it was asked with, `n` is of one run, `at` is UTC ISO 8601."""

    model: str
    task: str
    metric: str
    n: int | None
    how: str
    deviation: float
    freedom: int
    run: str
    at: str = ""

    @property
    def kind(self) -> tuple[object, ...]:
        """What another run must have in common for this to hold for it."""
        return self.model, self.task, self.metric, self.n, self.how


def remember(run: Run, env: Mapping[str, str] | None = None) -> int:
    """Add what the repeats of a run tell, in place of what the same run told before. How many sets.

    Raises RunDamaged, OSError.
    """
    sets = [
        _set(one.side, one.spread, run.invocation)
        for one in repeats_in(run, texts=False)
        if one.side is not None and one.spread is not None
    ]
    if not sets or read_only(env):
        return 0
    folder = state_dir(env)
    make_dirs(folder)
    lock = take_lock(folder / f"{FILE}.lock", patience=_PATIENCE, wait_for_holder=True)
    if lock is None:
        return 0
    try:
        known = [one for one in known_sets(env) if one.run != run.invocation]
        kept = sorted([*known, *sets], key=lambda one: one.at)[-MOST_SETS:]
        tree = {"schema": 1, "sets": [asdict(one) for one in kept]}
        write_atomic(folder / FILE, json.dumps(tree, separators=(",", ":")).encode() + b"\n")
    finally:
        os.close(lock)
    return len(sets)


def known_sets(env: Mapping[str, str] | None = None) -> list[RepeatSet]:
    """All that is remembered, the oldest first; a file that is damaged is renamed to `spread.json.damaged`."""
    path = state_dir(env) / FILE
    try:
        tree = as_tree(json.loads(read_regular(path, _MOST_BYTES)))
        if as_whole(tree.get("schema")) is None:
            raise ValueError("no schema")
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError):
        with contextlib.suppress(OSError):
            if not read_only(env):
                os.replace(path, path.with_name(f"{FILE}.damaged"))
        return []
    return list(_sets(as_items(tree.get("sets"))))


def with_noise(
    rows: Sequence[Difference],
    before: Mapping[str, Side],
    after: Mapping[str, Side],
    known: Sequence[RepeatSet],
) -> tuple[Difference, ...]:
    """The same with a note where repeats tell how far single runs are apart by themselves."""
    return tuple(_noted(row, before[row.task], after[row.task], known) for row in rows)


def _noted(row: Difference, before: Side, after: Side, known: Sequence[RepeatSet]) -> Difference:
    single = all(side.score is not None and side.score.repeats == 1 for side in (before, after))
    spreads = [_known(side, known) for side in (before, after)] if single and row.delta is not None else []
    first, second = spreads or (None, None)
    if (one := first or second) is None or row.delta is None:
        return row
    both = first is not None and second is not None and before.spec.model_id != after.spec.model_id
    apart = reach(one, second) if both else reach(one)
    models = before.spec.model_id if first is not None else after.spec.model_id
    who = f"runs of {models} and {after.spec.model_id}" if both else f"two runs of {models}"
    size = "wider than this difference" if apart >= abs(row.delta) else "this difference is wider"
    note = f"{who} differ by ±{threshold(apart, row.unit)} on {row.task} by themselves: {size}"
    return replace(row, notes=(note, *row.notes))


def _known(side: Side, known: Sequence[RepeatSet]) -> Spread | None:
    kind = _set(side, Spread(0.0, 0), "").kind
    return pooled_spread([Spread(one.deviation, one.freedom) for one in known if one.kind == kind])


def _set(side: Side, spread: Spread, run: str) -> RepeatSet:
    params = {name: value for name, value in params_of(side.spec).items() if name not in _NO_MATTER}
    extra = {name: value for name, value in as_tree(params.pop("extra", None)).items() if name not in _NO_MATTER}
    how = digest([side.spec.harness, side.spec.endpoint_type, params, extra])
    metric, n = (side.score.metric, side.score.n) if side.score is not None else ("", None)
    model, task, metric = (text[:_MOST_TEXT] for text in (side.spec.model_id, side.spec.task, metric))
    return RepeatSet(model, task, metric, n, how, spread.deviation, spread.freedom, run, utc_iso())


def _sets(items: Sequence[object]) -> Iterator[RepeatSet]:
    for item in items[-MOST_SETS:]:
        tree: Json = as_tree(item)
        deviation, freedom = as_number(tree.get("deviation")), as_whole(tree.get("freedom"))
        if deviation is None or deviation < 0 or not freedom or freedom < 1:
            continue
        model, task, metric, how, run, at = (
            as_text(tree.get(name)) for name in ("model", "task", "metric", "how", "run", "at")
        )
        yield RepeatSet(model, task, metric, as_whole(tree.get("n")), how, deviation, freedom, run, at)
