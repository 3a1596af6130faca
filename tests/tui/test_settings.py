"""The user's config file and what the dashboard remembers: read with forgiveness, told in sentences."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from evaldock.tui.actions import default_keys
from evaldock.tui.settings import Memory, Settings, config_file, load_memory, load_settings, save_memory


def written(home: Path, text: str) -> tuple[Settings, dict[str, str]]:
    """The settings of a user with this config file, and the user's environment."""
    env = {"XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    path = config_file(env)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_settings(env), env


def test_without_a_file_everything_is_as_shipped(tmp_path: Path) -> None:
    assert load_settings({"XDG_CONFIG_HOME": str(tmp_path)}) == Settings()


def test_all_that_can_be_set(tmp_path: Path) -> None:
    settings, _ = written(
        tmp_path,
        """
        theme: mine
        ascii: true
        mouse: false
        keys: {kill: X, follow: [f, F5], marker: u}
        themes: {mine: {base: light, accent: "#aa0000"}}
        """.replace("F5", "f5"),
    )
    assert settings.problems == ()
    assert (settings.theme, settings.ascii, settings.mouse) == ("mine", True, False)
    assert settings.keys == {**default_keys(), "kill": ("X",), "follow": ("f", "f5"), "marker": ("u",)}
    assert settings.themes["mine"].base == "light"
    assert settings.themes["mine"].colours == {"accent": "#aa0000"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("theme: [", "config.yaml:1: this is not YAML"),
        ("- a", "settings are names with values"),
        ("colour: red", "`colour` is not a setting"),
        ("theme: pink", "there is no theme `pink`"),
        ("ascii: maybe", "`ascii` is either true or false"),
        ("keys: K", "`keys` are action ids with keys"),
        ("keys: {murder: K}", "there is no action `murder`"),
        ("keys: {kill: 'no key'}", "keys: kill: write a character"),
        ("keys: {kill: []}", "keys: kill: write a character"),
        ("keys: {kill: q}", "`q` already means quit, so kill keeps its own"),
        ("themes: {mine: {accent: red}}", "theme `mine`: write accent as '#rrggbb'"),
        ("themes: {dark: {accent: '#000000'}}", "theme `dark` needs a name of its own"),
        ("themes: [mine]", "`themes` are names with colours"),
    ],
)
def test_what_is_wrong_is_told_and_the_rest_stands(tmp_path: Path, text: str, said: str) -> None:
    settings, _ = written(tmp_path, text)
    assert [problem for problem in settings.problems if said in problem] != []
    assert settings.keys == default_keys()
    assert settings.theme == ""


def test_two_keys_can_change_places(tmp_path: Path) -> None:
    settings, _ = written(tmp_path, "keys: {kill: R, rerun_failed: K}")
    assert settings.problems == ()
    assert (settings.keys["kill"], settings.keys["rerun_failed"]) == (("R",), ("K",))


def test_a_refused_key_never_leaves_two_actions_on_one_key(tmp_path: Path) -> None:
    settings, _ = written(tmp_path, "keys: {marker: K, kill: j}")
    held = [key for keys in settings.keys.values() for key in keys]
    assert len(held) == len(set(held))
    assert len(settings.problems) == 2


def test_memory_comes_back_and_is_private(tmp_path: Path) -> None:
    env = {"XDG_STATE_HOME": str(tmp_path)}
    memory = Memory(theme="light", sort="score", reverse=True, wrap=True)
    save_memory(memory, env)
    assert load_memory(env) == memory
    assert stat.S_IMODE((tmp_path / "evaldock/dashboard.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "nonsense", "[]", '{"wrap": "yes", "theme": 3, "odd": 1}'])
def test_damaged_memory_is_forgotten(tmp_path: Path, content: str) -> None:
    (tmp_path / "evaldock").mkdir()
    (tmp_path / "evaldock/dashboard.json").write_text(content)
    assert load_memory({"XDG_STATE_HOME": str(tmp_path)}) == Memory()


def test_a_home_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    save_memory(Memory(), {"XDG_STATE_HOME": str(tmp_path / "file")})
