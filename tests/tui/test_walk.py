"""A random walk of keys and sizes over every screen: whatever is pressed, nothing raises, and nothing dies without a y.

EVALDOCK_WALK_STEPS=20000 EVALDOCK_WALK_SEED=7 pytest tests/tui/test_walk.py    walks further, elsewhere
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from evaldock.core.run.store import Run
from evaldock.tui.actions import ACTIONS

from .conftest import Opener
from .scene import Scene, Task

pytestmark = pytest.mark.wide

STEPS = int(os.environ.get("EVALDOCK_WALK_STEPS", "200"))
SEED = int(os.environ.get("EVALDOCK_WALK_SEED", "1"))
SIZES = ((140, 42), (80, 24), (60, 15), (200, 50), (40, 8), (60, 10), (1, 1), (250, 60))
# What hands the terminal or a file to another program of this machine.
OUTSIDE = frozenset({"open_pager", "open_folder", "shell"})
NAMES = {"/": "slash", "?": "question_mark", ":": "colon", "\\": "backslash", "[": "left_square_bracket",
         "]": "right_square_bracket", "*": "asterisk", "+": "plus"}  # fmt: skip


def keys_of_actions() -> list[str]:
    """Every key that is bound to an action, but for those that leave the dashboard's own world."""
    keys = [key for action in ACTIONS if action.id not in OUTSIDE for key in action.keys]
    return [NAMES.get(key, key) for key in keys]


def steps(walk: random.Random, *, deadly: bool) -> Iterator[str]:
    """Keys without end: of actions mostly, sometimes a few in a row that belong together, sometimes just letters.

    Only a `deadly` walk presses `y`.
    """
    known = keys_of_actions()
    moves = ["j", "k", "g", "G", "tab", "enter", "escape", "pagedown", "pageup", "w", "1", "2", "3", "4", "5"]
    typed = ["slash", *"word", "enter"]
    while True:
        kind = walk.random()
        if kind < 0.55:
            key = walk.choice(known)
            yield key if deadly or key != "y" else "n"
        elif kind < 0.85:
            yield walk.choice(moves)
        elif kind < 0.9:
            yield from typed
        else:
            yield walk.choice("abcdefghilmnoprstuvxzABCKRSTNPFDE0123456789 .=%-" + "yyyy" * deadly)


def world(scene: Scene) -> tuple[Run, dict[str, Path]]:
    """Three runs; the first one's tasks have logs of all kinds."""
    scene.run(
        "11111111",
        (Task("a", "succeeded", 9), Task("b", "failed", 2, reason="oom")),
        ago=timedelta(days=2),
        engine=True,
    )
    scene.run("22222222", (Task("only", "killed", 3),), ago=timedelta(days=1), engine=True)
    run = scene.run(engine=True)
    logs = {
        "long": "".join(f"{'word ' * (n * 37 % 400)}{n}\n" for n in range(60)),
        "short": "one\ntwo\n",
        "bars": "".join(f"\r{n}%|{'#' * n}| {n}/100" for n in range(100)),
        "colours": "\x1b[31mred\x1b[0m\n" * 30 + "\x1b]52;c;eA==\x07" + "wide 漢字 e\u0301\n" * 50,
        "many": "".join(f"2026-01-31 INFO word {n}\n" for n in range(5000)),
        "empty": "",
    }
    return run, {name: scene.log(run, at, text) for at, (name, text) in enumerate(logs.items())}


@pytest.mark.parametrize("deadly", [False, True], ids=["without_y", "with_y"])
async def test_a_random_walk_raises_nothing_and_kills_nothing_without_a_y(
    scene: Scene, opened: Opener, deadly: bool
) -> None:
    walk = random.Random(SEED + deadly)
    run, logs = world(scene)
    keys = steps(walk, deadly=deadly)
    pressed: list[str] = []
    try:
        while len(pressed) < STEPS:
            async with opened(None if walk.random() < 0.3 else run, size=walk.choice(SIZES[:4])) as it:
                while len(pressed) < STEPS and it.app.return_value is None:
                    pressed.append(next(keys))
                    await it.press(pressed[-1])
                    if walk.random() < 0.05:
                        await it.pilot.resize_terminal(*walk.choice(SIZES))
                    if walk.random() < 0.05:
                        with logs[walk.choice(list(logs))].open("a") as file:
                            file.write("word and more\n" * walk.randrange(3))
    except Exception as error:
        error.add_note(f"after {' '.join(pressed[-80:])}")
        raise
    if not deadly:
        assert not [*run.paths.requests.glob("kill-*"), *run.paths.requests.glob("rerun-*")]
        assert len([*scene.output.glob("20*-*")]) == 3
