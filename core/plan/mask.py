"""What must not be shown: secret-looking values in configs, overrides and command lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from ..config.model import Tree

HIDDEN = "***"

_WORDS = r"(?:api[_-]?key|token|secret|password|passwd|credentials?|authorization)"
_SECRET_KEY = re.compile(rf"(?:^|[_\-.])(?:{_WORDS}|key)$", re.IGNORECASE)
# Text that marks a place in a model's answer, not a key to anything.
_HARMLESS = re.compile(r"(?:start|end|eos|bos|pad|stop)_[a-z_]*token$", re.IGNORECASE)
_SHAPES = re.compile(
    r"\b(?:sk-[A-Za-z0-9_-]{8,}|nvapi-[A-Za-z0-9_-]{8,}|hf_[A-Za-z0-9]{8,}|gh[pousr]_[A-Za-z0-9]{8,}"
    r"|AKIA[A-Z0-9]{12,}|xox[abp]-[A-Za-z0-9-]{8,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9._-]+)"
    r"|(?i:\bbearer\s+)[^\s\"']{6,}"
)
_LITERAL = re.compile(r"\blit:.*", re.DOTALL)
_ENV_FLAG = re.compile(r"((?:^|\s)(?:-e|--env)[ =]?['\"]?[A-Za-z_][A-Za-z0-9_]*=)(?:'[^']*'|\"[^\"]*\"|[^\s'\"]+)")
_USERINFO = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_QUERY = re.compile(rf"([?&][^=&\s]*{_WORDS}=)[^&\s]+", re.IGNORECASE)
_INTERPOLATION = re.compile(r"\$\{[^{}]*\}")


def is_secret_name(name: str) -> bool:
    """Whether a key or variable of this name usually holds a secret (`HF_TOKEN`, `Authorization`)."""
    return bool(_SECRET_KEY.search(name)) and not _HARMLESS.search(name)


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
    """A config value or message without literal variables, values of docker's `-e`, and `masked_shapes`."""
    return _LITERAL.sub(f"lit:{HIDDEN}", _ENV_FLAG.sub(rf"\1{HIDDEN}", masked_shapes(text)))


def masked_shapes(text: str) -> str:
    """Text without what looks like a key wherever it stands: known prefixes, user and password of URLs."""
    return _QUERY.sub(rf"\1{HIDDEN}", _USERINFO.sub(HIDDEN, _SHAPES.sub(HIDDEN, text)))


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
