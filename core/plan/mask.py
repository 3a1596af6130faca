"""What must not be shown: secret-looking values in configs, overrides and command lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from ..base.secrets import HIDDEN, hide, is_secret_name
from ..config.model import Tree

_LITERAL = re.compile(r"\blit:.*", re.DOTALL)
_ENV_FLAG = re.compile(r"((?:^|\s)(?:-e|--env)[ =]?['\"]?[A-Za-z_][A-Za-z0-9_]*=)(?:'[^']*'|\"[^\"]*\"|[^\s'\"]+)")
_INTERPOLATION = re.compile(r"\$\{[^{}]*\}")


def masked_tree(tree: Mapping[str, object]) -> Tree:
    """A copy of a config tree without secret-looking values and without the text of `lit:` variables."""
    return {key: _value(key, value, in_env=False) for key, value in tree.items()}


def masked_value(path: str, value: object) -> object:
    """A copy of the value at a dotted path, masked as in `masked_tree`."""
    parts = path.split(".")
    return _value(parts[-1], value, in_env="env_vars" in parts)


def masked_plan(plan: Mapping[str, object]) -> Tree:
    """A copy of a plan in JSON (see `codec`) to show: secret-looking settings and literal secrets are blanked out."""
    shown = masked_tree(plan)
    for job in cast("list[Tree]", shown.get("jobs") or []):
        for ref in cast("list[Tree]", job.get("env") or []):
            value = cast(Tree, ref.get("value") or {})
            if ref.get("secret") and value.get("kind") == "lit":
                value["source"] = HIDDEN
    return shown


def masked_override(text: str, path: str) -> str:
    """An override as typed (`a.b=value`), its value masked when the path says that it is secret."""
    key, given, value = text.partition("=")
    return f"{key}{given}{masked_value(path or key.lstrip('+~'), value)}"


def masked_text(text: str) -> str:
    """A config value or message without literal variables, values of docker's `-e`, and what `hide` hides."""
    return _LITERAL.sub(f"lit:{HIDDEN}", _ENV_FLAG.sub(rf"\1{HIDDEN}", hide(text)))


def _value(key: str, value: object, *, in_env: bool) -> object:
    if isinstance(value, dict):
        inner_env = in_env or key == "env_vars"
        return {k: _value(k, v, in_env=inner_env) for k, v in cast(Tree, value).items()}
    if isinstance(value, list):
        return [_value(key, item, in_env=in_env) for item in cast("list[object]", value)]
    if not isinstance(value, str):
        return value
    # Values under env_vars are names of variables, or marked by `lit:`; they are not secret by their key.
    if not in_env and is_secret_name(key) and value and not _INTERPOLATION.fullmatch(value):
        return HIDDEN
    return masked_text(value)
