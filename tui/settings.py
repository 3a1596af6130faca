"""What the user has chosen: `$XDG_CONFIG_HOME/evaldock/config.yaml`, and what the dashboard remembers by itself.

theme: light                          # dark, light, mono, contrast, or one of `themes`
ascii: true                           # glyphs and bars for any terminal and font
mouse: false
keys: {kill: X, follow: [f, F]}       # action ids as in the key table; the keys given replace the shipped ones
themes:
  mine: {base: dark, accent: "#ffb454", bg: "#000000"}
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

from ..core.base.atomic import read_head, write_atomic
from ..core.base.home import xdg_dir
from ..core.run.pointers import make_dirs, state_dir
from .actions import BY_ID, Keys, default_keys

_LIMIT = 1 << 18
_KEY = re.compile(r"\S|(?:(?:ctrl|shift|alt)\+)*(?:[a-z][a-z0-9_]*|\S)")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

BASES = ("dark", "light", "mono", "contrast")
"""The themes that are shipped, by their short names."""


@dataclass(frozen=True)
class Appearance:
    """How the dashboard is to look for this once; None where nothing was said."""

    theme: str | None = None
    ascii: bool | None = None
    mouse: bool | None = None


@dataclass(frozen=True)
class UserTheme:
    """A theme of the user's own: `base` is a shipped one, `colours` replace its roles (`accent` -> `#rrggbb`)."""

    base: str
    colours: Mapping[str, str]


@dataclass(frozen=True)
class Settings:
    """The config file, understood. `problems` are sentences about what in it was not; that part is as shipped.

    `theme` is "" and `ascii` None when the file does not say.
    """

    theme: str = ""
    ascii: bool | None = None
    mouse: bool = True
    keys: Keys = field(default_factory=default_keys)
    themes: Mapping[str, UserTheme] = field(default_factory=dict[str, UserTheme])
    problems: tuple[str, ...] = ()


@dataclass
class Memory:
    """What the dashboard remembers from one time to the next. Losing it loses nothing."""

    theme: str = ""
    sort: str = ""
    reverse: bool = False
    wrap: bool = False
    timestamps: bool = False


def config_file(env: Mapping[str, str] | None = None) -> Path:
    """`$XDG_CONFIG_HOME/evaldock/config.yaml`, by default under `~/.config`."""
    return xdg_dir("config", env) / "evaldock" / "config.yaml"


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """The user's settings. Never raises: what is wrong becomes a problem, and the shipped value stands."""
    path = config_file(env)
    if not os.path.isfile(path):
        return Settings()
    problems: list[str] = []
    tree = _tree(path, problems)
    for key in tree:
        if key not in ("theme", "ascii", "mouse", "keys", "themes"):
            problems.append(f"{path}: `{key}` is not a setting.")
    themes = _themes(tree.get("themes"), path, problems)
    return Settings(
        theme=_theme(tree.get("theme"), themes, path, problems),
        ascii=_truth(tree, "ascii", path, problems),
        mouse=_truth(tree, "mouse", path, problems) is not False,
        keys=_keys(tree.get("keys"), path, problems),
        themes=themes,
        problems=tuple(problems),
    )


def load_memory(env: Mapping[str, str] | None = None) -> Memory:
    """What was remembered, as far as it can be read."""
    try:
        found: object = json.loads(read_head(_memory_file(env), _LIMIT) or b"{}")
    except (ValueError, RecursionError):
        return Memory()
    memory = Memory()
    if isinstance(found, dict):
        for name, value in cast(dict[str, object], found).items():
            if name in vars(memory) and type(value) is type(getattr(memory, name)):
                setattr(memory, name, value)
    return memory


def save_memory(memory: Memory, env: Mapping[str, str] | None = None) -> None:
    """Remember. A home directory that cannot be written costs nothing else."""
    path = _memory_file(env)
    with contextlib.suppress(OSError):
        make_dirs(path.parent)
        write_atomic(path, json.dumps(asdict(memory)).encode() + b"\n", sync=False)


def _memory_file(env: Mapping[str, str] | None) -> Path:
    return state_dir(env) / "dashboard.json"


def _tree(path: Path, problems: list[str]) -> dict[str, object]:
    import yaml

    try:
        tree: object = yaml.safe_load((read_head(path, _LIMIT) or b"").decode("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark is not None else f"{path}"
        problems.append(f"{where}: this is not YAML, so nothing of it is used.")
        return {}
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        problems.append(f"{path}: settings are names with values, like `theme: light`.")
        return {}
    return {str(key): value for key, value in cast(dict[object, object], tree).items()}


def _truth(tree: Mapping[str, object], key: str, path: Path, problems: list[str]) -> bool | None:
    value = tree.get(key)
    if value is None or isinstance(value, bool):
        return value
    problems.append(f"{path}: `{key}` is either true or false.")
    return None


def _theme(value: object, themes: Mapping[str, UserTheme], path: Path, problems: list[str]) -> str:
    if value is None:
        return ""
    if str(value) in BASES or str(value) in themes:
        return str(value)
    problems.append(f"{path}: there is no theme `{value}`; there are {', '.join((*BASES, *themes))}.")
    return ""


def _themes(value: object, path: Path, problems: list[str]) -> dict[str, UserTheme]:
    found: dict[str, UserTheme] = {}
    if value is None:
        return found
    if not isinstance(value, dict):
        problems.append(f"{path}: `themes` are names with colours, like `mine: {{base: dark, accent: '#ffb454'}}`.")
        return found
    for name, colours in cast(dict[object, object], value).items():
        parts = cast(dict[object, object], colours) if isinstance(colours, dict) else {}
        base = str(parts.get("base", "dark"))
        if base not in BASES or not parts or str(name) in BASES:
            problems.append(
                f"{path}: theme `{name}` needs a name of its own, colours, and a base of {', '.join(BASES)}."
            )
            continue
        good = {str(role): str(colour) for role, colour in parts.items() if _COLOUR.fullmatch(str(colour))}
        bad = [str(role) for role in parts if str(role) not in good and role != "base"]
        if bad:
            problems.append(f"{path}: theme `{name}`: write {', '.join(bad)} as '#rrggbb'.")
        found[str(name)] = UserTheme(base, good)
    return found


def _keys(value: object, path: Path, problems: list[str]) -> Keys:
    keys = default_keys()
    if value is None:
        return keys
    if not isinstance(value, dict):
        problems.append(f"{path}: `keys` are action ids with keys, like `kill: X`.")
        return keys
    for name, given in cast(dict[object, object], value).items():
        action = str(name)
        wanted = tuple(str(key) for key in cast(list[object], given if isinstance(given, list) else [given]))
        if action not in BY_ID:
            problems.append(f"{path}: keys: there is no action `{action}`; the help overlay (?) lists them.")
        elif not wanted or not all(_KEY.fullmatch(key) for key in wanted):
            problems.append(f"{path}: keys: {action}: write a character, or a name like ctrl+x, f5 or pageup.")
        else:
            keys[action] = wanted
    return _without_clashes(keys, path, problems)


def _without_clashes(keys: dict[str, tuple[str, ...]], path: Path, problems: list[str]) -> Keys:
    """`keys`, but what was remapped onto a key that another action has gets its shipped keys back."""
    shipped = default_keys()
    while found := _clash(keys, shipped):
        action, key, other = found
        problems.append(f"{path}: keys: `{key}` already means {other}, so {action} keeps its own.")
        keys[action] = shipped[action]
    return keys


def _clash(keys: Keys, shipped: Keys) -> tuple[str, str, str] | None:
    """A remapped action, the key it was given, and who has that key; None when every key means one thing."""
    for action in (action for action in keys if keys[action] != shipped[action]):
        others = {key: other for other, held in keys.items() if other != action for key in held}
        for key in keys[action]:
            if key in others:
                return action, key, others[key]
    return None
