"""The registry of actions: one meaning a key, one name an action."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from evaldock.tui.actions import ACTIONS, BY_ID, Action, bindings, markdown
from evaldock.tui.app import EvaldockApp
from evaldock.tui.screens.home import HomeScreen
from evaldock.tui.screens.preview import PreviewScreen
from evaldock.tui.screens.run import RunScreen
from evaldock.tui.widgets.lines_pane import LinesView
from evaldock.tui.widgets.log_pane import LogPane
from evaldock.tui.widgets.run_table import RunTable
from evaldock.tui.widgets.task_table import TaskTable
from textual.binding import Binding
from textual.dom import DOMNode

from .conftest import Opener
from .scene import Scene


def test_a_key_means_one_thing_on_every_screen() -> None:
    keys = Counter(key for action in ACTIONS for key in action.keys)
    assert [key for key, times in keys.items() if times > 1] == []


def test_ids_are_unique_and_fit_into_a_config_file() -> None:
    assert len(BY_ID) == len(ACTIONS)
    assert [action.id for action in ACTIONS if not re.fullmatch(r"[a-z][a-z0-9_]*", action.id)] == []


def test_no_destructive_action_sits_on_a_key_that_is_hit_in_passing() -> None:
    plain = {action.id for action in ACTIONS if action.destructive for key in action.keys if re.fullmatch("[a-z]", key)}
    # A rerun destroys nothing: earlier attempts are kept.
    assert plain == {"rerun"}


def test_bindings_carry_the_ids_that_a_keymap_names() -> None:
    made = [binding for binding in bindings("quit", scopes=("table",)) if isinstance(binding, Binding)]
    assert {binding.id for binding in made} == {"quit", "sort", "mark", "mark_all", "clear_marks"}
    assert {binding.action for binding in made if binding.id == "mark"} == {"do('mark')"}


def test_the_key_table_names_every_action() -> None:
    table = markdown()
    assert [action.id for action in ACTIONS if action.help not in table] == []


SCREENS = (RunScreen, HomeScreen, PreviewScreen)
WIDGETS = (TaskTable, RunTable, LogPane, LinesView)


@pytest.mark.parametrize("part", [*SCREENS, *WIDGETS, EvaldockApp], ids=lambda part: part.__name__)
def test_every_screen_and_widget_takes_its_keys_from_the_registry(part: type[DOMNode]) -> None:
    meaning = {key: action.id for action in ACTIONS for key in action.keys}
    for binding in part.BINDINGS:
        assert isinstance(binding, Binding)
        for key in binding.key.split(","):
            # The preview gives enter the deed that it shows; what is local there has no id and no other meaning.
            expected = (meaning.get(key), None) if part is PreviewScreen else (meaning.get(key),)
            assert binding.id in expected, (part, key)


async def test_every_key_that_is_bound_on_a_screen_does_something_there(scene: Scene, opened: Opener) -> None:
    async with opened(scene.run(engine=True)) as it:
        assert [action.id for action in ACTIONS if _applies(action, "run") and action.id not in it.run.commands] == []
    async with opened() as it:
        # What a list of runs has no use for is left out on purpose.
        unused = {"zoom", "rerun_failed", "preview", "earlier", "later", "copy_command", "open_pager", "tab_4", "tab_5"}
        missing = {action.id for action in ACTIONS if _applies(action, "home") and action.id not in it.home.commands}
        assert missing == unused


def _applies(action: Action, screen: str) -> bool:
    moved = action.group == "Move" or action.id in ("interrupt", "suspend")
    only_home = action.id in ("export", "compare")
    if screen == "run":
        return not moved and action.scope != "home" and not only_home
    return not moved and action.scope in ("everywhere", "home")
