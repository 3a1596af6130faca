"""How often tests raise a false alarm where nothing differs, and how often intervals hold the truth. Seeded."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from evaldock.core.statistics.interval import mean_interval, mean_of, share_interval
from evaldock.core.statistics.paired import contrast
from scipy import stats

pytestmark = pytest.mark.wide

TRIALS = 2000
Pair = tuple[list[float], list[float], list[int] | None, bool]


def generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def binary(draw: np.random.Generator, chances: np.ndarray) -> list[float]:
    return (draw.random(chances.shape) < chances).astype(float).tolist()


def independent_items(draw: np.random.Generator) -> Pair:
    chances = draw.beta(1, 1, 200)
    return binary(draw, chances), binary(draw, chances), None, True


def repeated_items(draw: np.random.Generator) -> Pair:
    """198 items, five times each: two models that are equally good, at other items."""
    return (
        (draw.binomial(5, draw.beta(0.5, 0.3, 198)) / 5).tolist(),
        (draw.binomial(5, draw.beta(0.5, 0.3, 198)) / 5).tolist(),
        None,
        True,
    )


def clusters_of_three(draw: np.random.Generator) -> Pair:
    def run() -> list[float]:
        return binary(draw, np.repeat(draw.beta(0.5, 0.5, 100), 3))

    return run(), run(), [number // 3 for number in range(300)], True


def one_left_out(draw: np.random.Generator) -> Pair:
    chances = draw.beta(1, 1, 200)
    return binary(draw, chances)[1:], binary(draw, chances)[1:], None, True


def thirty_binary(draw: np.random.Generator) -> Pair:
    chances = np.full(30, 0.5)
    return binary(draw, chances), binary(draw, chances), None, True


def ratings(draw: np.random.Generator) -> Pair:
    hardness = draw.uniform(2, 9, 80)

    def run() -> list[float]:
        return np.clip(np.rint(hardness + draw.normal(0, 1.5, 80)), 1, 10).tolist()

    return run(), run(), None, False


SITUATIONS: list[Callable[[np.random.Generator], Pair]] = [
    independent_items,
    repeated_items,
    clusters_of_three,
    one_left_out,
    thirty_binary,
    ratings,
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda made: made.__name__)
def test_false_alarms(situation: Callable[[np.random.Generator], Pair]) -> None:
    draw = generator(20261127)
    alarms = missed = 0
    for _ in range(TRIALS):
        before, after, clusters, share = situation(draw)
        found = contrast(before, after, clusters, share=share)
        alarms += found.p < 0.05
        ends = found.interval()
        assert ends is not None
        missed += not ends.low <= 0 <= ends.high
    assert 0.035 <= alarms / TRIALS <= 0.065, alarms / TRIALS
    assert 0.03 <= missed / TRIALS <= 0.07, missed / TRIALS


def test_repeats_taken_for_independent_items_raise_five_times_as_many() -> None:
    """That the simulation can tell a wrong test from a right one."""
    draw = generator(7)
    alarms = 0
    for _ in range(400):
        right = [draw.binomial(5, draw.beta(0.5, 0.3, 198)).sum() for _ in range(2)]
        pooled = sum(right) / 1980
        z = (right[0] - right[1]) / 990 / np.sqrt(pooled * (1 - pooled) * 2 / 990)
        alarms += abs(z) > 1.96
    assert alarms / 400 > 0.15


@pytest.mark.parametrize(("n", "truth"), [(30, 0.95), (30, 0.9), (100, 0.5), (198, 0.7), (1000, 0.1)])
def test_coverage_of_shares(n: int, truth: float) -> None:
    """Not simulated: summed over everything that can happen."""
    held = 0.0
    for right in range(n + 1):
        found = share_interval(right, n)
        held += float(stats.binom.pmf(right, n, truth)) * (found.low <= truth <= found.high)
    assert 0.93 <= held <= 0.98, held


def _repeated(n: int) -> Iterator[bool]:
    draw = generator(n)
    truth = 0.7
    for _ in range(TRIALS):
        means = (draw.binomial(5, draw.beta(1.4, 0.6, n)) / 5).tolist()
        found = mean_interval(mean_of(means), share=True)
        assert found is not None
        yield found.low <= truth <= found.high


def _clustered(groups: int) -> Iterator[bool]:
    draw = generator(groups)
    for _ in range(TRIALS):
        values = binary(draw, np.repeat(draw.beta(1, 1, groups), 3))
        found = mean_interval(mean_of(values, [i // 3 for i in range(3 * groups)]), share=True, clustered=True)
        assert found is not None
        yield found.low <= 0.5 <= found.high


def _mean() -> Iterator[bool]:
    draw = generator(5)
    for _ in range(TRIALS):
        found = mean_interval(mean_of(draw.normal(3, 2, 25).tolist()), share=False)
        assert found is not None
        yield found.low <= 3 <= found.high


COVERAGE: dict[str, Callable[[], Iterator[bool]]] = {
    "item means of 198": lambda: _repeated(198),
    "item means of 40": lambda: _repeated(40),
    "clusters, 100 of 3": lambda: _clustered(100),
    "mean of 25": _mean,
}


@pytest.mark.parametrize("name", COVERAGE)
def test_coverage(name: str) -> None:
    held = list(COVERAGE[name]())
    assert 0.93 <= sum(held) / len(held) <= 0.97, sum(held) / len(held)
