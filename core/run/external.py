"""How a score stands against what others report for its task."""

from __future__ import annotations

import math

from ..catalog.expected import Expected
from ..catalog.measure import Unit
from .score import Score

VERIFIED = "verified"
UNVERIFIED = "externally unverified"
_CLOSE = 0.005  # of shares of which neither side knows its error


def standing(score: Score, expected: Expected | None, *, smoke: bool = False) -> str:
    """`verified`, `off by -11 pp`, or `externally unverified` where nothing is reported or the score says too little.

    Off is what the errors of both together do not explain. `smoke`: only the first samples were asked.
    """
    if expected is None or smoke or not score.valid:
        return UNVERIFIED
    share = score.unit == Unit.FRACTION
    scale = 100 if share and 1 < expected.value <= 100 else 1
    value, margin = expected.value / scale, (expected.margin or 0.0) / scale
    delta = score.value - value
    end = score.low if delta > 0 else score.high
    own = abs(score.value - end) if end is not None else 0.0
    allowed = math.hypot(margin, own) or (_CLOSE if share else 0.0)
    if abs(delta) <= allowed + 1e-12:
        return VERIFIED
    return f"off by {100 * delta:+.2g} pp" if share else f"off by {delta:+.3g}"


def reported(expected: Expected) -> str:
    """`0.72 ±0.03, https://...`"""
    text = f"{expected.value:g}" + (f" ±{expected.margin:g}" if expected.margin is not None else "")
    return f"{text}, {expected.source}" if expected.source else text
