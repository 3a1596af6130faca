"""Durations in buckets: a quantile of any number of requests in a few kilobytes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

_PER_OCTAVE = 16
_SMALLEST = 1e-5  # seconds: the lower end of the first bucket
_BUCKETS = 32 * _PER_OCTAVE
_JOINED = 4
"""So many neighbours are one bucket of the JSON form: four to the octave are enough to draw."""
QUANTILES = (50, 90, 95, 99)


class Histogram:
    """Durations in buckets that are 4.4 % wide, so a quantile is right to about 2 %, from 10 us to 12 hours."""

    __slots__ = ("_counts", "total")

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self.total = 0

    def add(self, seconds: float) -> None:
        """Count one duration."""
        place = int(math.log2(seconds / _SMALLEST) * _PER_OCTAVE) if seconds > _SMALLEST else 0
        self._counts[min(place, _BUCKETS - 1)] += 1
        self.total += 1

    def quantile(self, part: float) -> float:
        """Seconds below which `part` (0..1) of the durations lie; 0.0 when there are none."""
        wanted = part * self.total
        seen = 0
        for place, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return _SMALLEST * 2.0 ** ((place + 0.5) / _PER_OCTAVE)
        return 0.0

    def quantiles(self) -> dict[str, float] | None:
        """`p50`, `p90`, `p95` and `p99` in milliseconds; None when nothing was counted."""
        if not self.total:
            return None
        return {f"p{n}": round(self.quantile(n / 100) * 1000, 3) for n in QUANTILES}

    def buckets(self) -> list[list[float]]:
        """`[upper end in milliseconds, count]` from the first bucket with something in it to the last, all between.

        Each begins where the one before it ends and is wider by a fourth of an octave (factor 1.19).
        """
        joined = [sum(self._counts[at : at + _JOINED]) for at in range(0, _BUCKETS, _JOINED)]
        filled = [place for place, count in enumerate(joined) if count]
        if not filled:
            return []
        return [[_upper(place), joined[place]] for place in range(filled[0], filled[-1] + 1)]

    def restore(self, buckets: object) -> None:
        """Add what `buckets` gave, as if all durations of one lay in its middle. What is no bucket is passed over."""
        for item in cast("list[object]", buckets) if isinstance(buckets, list) else []:
            pair = cast("Sequence[object]", item) if isinstance(item, (list, tuple)) else ()
            if len(pair) != 2 or not all(isinstance(part, (int, float)) for part in pair):
                continue
            upper, count = (float(cast("float", part)) for part in pair)
            place = round(math.log2(upper / 1000 / _SMALLEST) * _PER_OCTAVE) - _JOINED // 2 if upper > 0 else -1
            if 0 <= place < _BUCKETS and count > 0:
                self._counts[place] += int(count)
                self.total += int(count)


def _upper(place: int) -> float:
    return round(_SMALLEST * 1000 * 2.0 ** ((place + 1) * _JOINED / _PER_OCTAVE), 4)
