"""The registry of actions: one meaning a key, one name an action."""

from __future__ import annotations

import re
from collections import Counter

from evaldock.tui.actions import ACTIONS, BY_ID, bindings, markdown
from textual.binding import Binding


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
