"""All commands by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..actions import BY_ID, Keys, key_name
from .chooser import Chooser, Option


class CommandsDialog(Chooser):
    """Gives the id of an action. `offered` are those that are possible now, with their names."""

    heading = "Command"
    typing = True
    wide = 80

    def __init__(self, offered: Sequence[tuple[str, str]], keys: Keys | None = None) -> None:
        super().__init__([Option(action, _named(action, name), _keys(action, keys)) for action, name in offered])


def _named(action: str, name: str) -> str:
    help = BY_ID[action].help
    return help if name.lower() in help.lower() else f"{name}: {help[:1].lower()}{help[1:]}"


def _keys(action: str, keys: Mapping[str, tuple[str, ...]] | None) -> str:
    own = (keys or {}).get(action, BY_ID[action].keys)
    return " ".join(key_name(key) for key in own)
