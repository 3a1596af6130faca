"""The run screen's rows add up at every height, and agree with the reference pictures."""

from __future__ import annotations

import pytest
from evaldock.tui.view.run_layout import Focus, RunLayout, Zoom, run_layout


def rows(layout: RunLayout) -> int:
    return sum(vars(layout)[name] for name in RunLayout.__dataclass_fields__)


@pytest.mark.parametrize("zoom", ["normal", "half", "full"])
@pytest.mark.parametrize("focus", ["table", "pane"])
@pytest.mark.parametrize("prompt", [False, True])
@pytest.mark.parametrize("vitals", [False, True])
def test_all_rows_are_given_away_at_every_height(zoom: Zoom, focus: Focus, prompt: bool, vitals: bool) -> None:
    for height in range(8, 80):
        for tasks in (0, 1, 5, 16, 1000):
            layout = run_layout(height, tasks, zoom, focus, prompt=prompt, vitals=vitals)
            assert min(vars(layout)[name] for name in RunLayout.__dataclass_fields__) >= 0
            assert rows(layout) + 3 + prompt == height, (height, tasks, layout)


def test_as_in_the_pictures() -> None:
    assert run_layout(42, 16, "normal", "table") == RunLayout(1, 17, 2, 2, 1, 1, 14, 1)
    assert run_layout(24, 16, "normal", "table") == RunLayout(0, 11, 0, 2, 0, 0, 8, 0)
    assert run_layout(42, 16, "normal", "pane", vitals=False) == RunLayout(1, 17, 2, 2, 0, 0, 16, 1)
    small = run_layout(12, 16, "normal", "table")
    assert (small.table, small.pane) == (9, 0)
    assert run_layout(12, 16, "normal", "pane").table == 0
