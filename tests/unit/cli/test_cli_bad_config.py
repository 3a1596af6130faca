"""Configs, catalogs and env files in which anything may stand: a sentence and exit code 2, never anything else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import Machine
from .damage import UNCHECKED, WILD, changed, damages, ends_within, misbehaviour, places

pytestmark = pytest.mark.wide

EXAMPLES = Path(__file__).parents[3] / "examples"
CONFIGS = ("task_specific.yaml", "sequential_limits.yaml", "interceptors.yaml", "multi_task.yaml")
CONFIG = EXAMPLES / "own_harness" / "capitals.yaml"
CATALOG = EXAMPLES / "own_harness" / "catalog" / "capitals.yaml"
KEYS = st.sampled_from(["name", "type", "url", "config", "params", "tasks", "x.y"])
WORDS = ["", "x\x00\x1b[31m", "../..", "~nobody-here/x", "???", "2h", "8g", "local", "${oc.env:NOPE}", "${", "lit:"]
VALUES = st.one_of(
    st.sampled_from([*WILD, *WORDS, {1: 2}, [None], "http://[::1", "http://x:99999/v1", "http://u:p@x/v1", "host:X"]),
    st.text(max_size=8),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=6,
    ),
)
fuzz = settings(max_examples=25, suppress_health_check=UNCHECKED)


def check_all(machine: Machine, config: Path, *more: str | Path) -> None:
    """Let every command that reads a config have this one; assert that each says what is wrong, or nothing is."""
    for command in (("config", "validate"), ("config", "show"), ("run", "--dry-run"), ("run", "--dry-run", "--json")):
        with ends_within(90):
            result = machine.cli(*command, config, *(more if command[0] == "run" else ()))
        assert misbehaviour(result) == ""
        assert result.exit_code in (0, 2)
    assert not list(machine.root.rglob("plan.json"))


@fuzz
@given(data=st.data(), name=st.sampled_from(CONFIGS), value=VALUES)
def test_any_value_may_stand_in_any_place_of_a_config(
    machine: Machine, data: st.DataObject, name: str, value: object
) -> None:
    tree: object = yaml.safe_load((EXAMPLES / name).read_text())
    at = data.draw(st.sampled_from(list(places(tree))))
    config = machine.root / "c.yaml"
    config.write_bytes(yaml.safe_dump(changed(tree, at, value), allow_unicode=True).encode("utf-8", "surrogatepass"))
    check_all(machine, config)


@fuzz
@given(data=st.data(), value=VALUES)
def test_any_value_may_stand_in_any_place_of_a_catalog(machine: Machine, data: st.DataObject, value: object) -> None:
    tree: object = yaml.safe_load(CATALOG.read_text())
    at = data.draw(st.sampled_from(list(places(tree))))
    config, catalog = with_catalog(machine)
    catalog.write_bytes(yaml.safe_dump(changed(tree, at, value), allow_unicode=True).encode("utf-8", "surrogatepass"))
    check_all(machine, config)


def with_catalog(machine: Machine) -> tuple[Path, Path]:
    """A config, and where its catalog is read."""
    config, catalog = machine.root / "c.yaml", machine.root / "catalog" / "own.yaml"
    config.write_bytes(CONFIG.read_bytes())
    catalog.parent.mkdir(exist_ok=True)
    return config, catalog


@pytest.mark.parametrize("number", range(len(list(damages(CONFIG)))))
def test_damaged_files_beside_a_config_are_told(machine: Machine, number: int) -> None:
    what, deed = list(damages(CATALOG))[number]
    config, catalog = with_catalog(machine)
    deed(catalog)
    check_all(machine, config)
    env_file = machine.root / "x.env"
    if what != "a pipe":  # which is what a shell gives for --env-file <(...)
        deed(env_file)
        check_all(machine, config, "--env-file", env_file)


@pytest.mark.parametrize("number", range(len(list(damages(CONFIG)))))
def test_damaged_files_of_the_user_are_told(machine: Machine, number: int) -> None:
    commands: Sequence[tuple[str | Path, ...]] = (("ls", "tasks", "gsm8k"), ("config", "validate", CONFIG), ("status",))
    for name in ("config.yaml", "catalog/own.yaml", "catalog/nemo-evaluator.tsv"):
        path = machine.root / "config" / "evaldock" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        _, deed = list(damages(CATALOG))[number]
        deed(path)
        for command in commands:
            with ends_within(90):
                assert misbehaviour(machine.cli(*command)) == ""
        if os.path.lexists(path):
            path.rename(machine.root / path.name)
