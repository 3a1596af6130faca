"""Random input in bulk: a bounded, repeatable number of cases in CI, without end for whoever looks for trouble.

EVALDOCK_FUZZ=600 pytest tests/unit/test_fuzz.py      # 600 seconds for each test; a failure names its seed
EVALDOCK_FUZZ_SEED=17 pytest tests/unit/test_fuzz.py  # only case 17
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator


def cases(usual: int) -> Iterator[random.Random]:
    """A random generator a case: `usual` of them, or as many as the environment asks for."""
    only, seconds = os.environ.get("EVALDOCK_FUZZ_SEED"), float(os.environ.get("EVALDOCK_FUZZ") or 0)
    until = time.monotonic() + seconds
    # Searching on, nobody wants the same cases again.
    first = int(only) if only else random.SystemRandom().randrange(1 << 48) if seconds else 0
    number = 0
    while (number < 1) if only else (time.monotonic() < until) if seconds else (number < usual):
        try:
            yield random.Random(first + number)
        except GeneratorExit:
            # The test has failed, or is over: a failure shows this line.
            print(f"EVALDOCK_FUZZ_SEED={first + number}")
            raise
        number += 1


def mutated(data: bytes, rng: random.Random, pieces: list[bytes]) -> bytes:
    """`data` with a few bytes changed, taken away, doubled, or pieces put in."""
    out = bytearray(data)
    for _ in range(rng.choice((0, 1, 1, 2, 5))):
        at = rng.randrange(len(out) + 1)
        match rng.randrange(4):
            case 0:
                out[at : at + rng.randrange(1, 20)] = b""
            case 1:
                out[at:at] = rng.choice(pieces)
            case 2:
                out[at : at + 1] = bytes([rng.randrange(256)])
            case _:
                out[at:at] = out[at : at + rng.randrange(1, 60)]
    return bytes(out)


def tree(rng: random.Random, keys: list[str], values: list[object], depth: int = 4) -> object:
    """A random tree of mappings and lists."""
    kind = rng.random()
    if depth and kind < 0.5:
        return {rng.choice(keys): tree(rng, keys, values, depth - 1) for _ in range(rng.randrange(5))}
    if depth and kind < 0.6:
        return [tree(rng, keys, values, depth - 1) for _ in range(rng.randrange(4))]
    return rng.choice(values)


def put(root: object, rng: random.Random, value: object) -> None:
    """Put `value` at a random place of a tree of mappings and lists."""
    while isinstance(root, (dict, list)) and root:
        where = rng.choice(list(root)) if isinstance(root, dict) else rng.randrange(len(root))
        below = root[where]  # type: ignore[index]
        if not isinstance(below, (dict, list)) or not below or rng.random() < 0.25:
            root[where] = value  # type: ignore[index]
            return
        root = below
