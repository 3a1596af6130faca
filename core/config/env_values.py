"""`env_vars`: which container variables get their values from where. No value of a host variable is read here."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..base.secrets import is_key_shaped
from .model import ConfigProblem, EnvValue
from .node import Node, Steps, format_steps, walk

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")


def env_values(node: Node | None, steps: Steps, problems: list[ConfigProblem]) -> dict[str, EnvValue]:
    """The variables of one `env_vars` mapping; what is wrong goes to `problems`, without any value."""
    found: dict[str, EnvValue] = {}
    if node is None or not isinstance(node.value, dict):
        return found
    for name, value in node.value.items():
        if value.broken or not isinstance(value.value, str):
            continue
        result = _env_value(name, value.value, reads_environment=bool(value.env))
        if isinstance(result, EnvValue):
            found[name] = result
        else:
            problems.append(ConfigProblem(result, format_steps((*steps, name)), value.origin))
    return found


def stored_secrets(root: Node, names: set[str]) -> Iterator[ConfigProblem]:
    """Places where `${oc.env:X}` would copy the value of one of the secret variables `names` into the config."""
    for steps, node in walk(root):
        secret = sorted(node.env & names)
        if secret and "env_vars" not in steps:
            message = (
                f"${{oc.env:{secret[0]}}} would store the value of {secret[0]}, which this config names as a secret; "
                "give it to the task by env_vars"
            )
            yield ConfigProblem(message, format_steps(steps), node.origin)


def _env_value(name: str, text: str, *, reads_environment: bool) -> EnvValue | str:
    if reads_environment:
        return f"${{oc.env:...}} is not allowed in env_vars, because it would store the value; write host:{name}"
    if not text:
        return f"is empty; expected the name of a host variable such as {name}, or lit: for an empty text"
    kind, colon, rest = text.partition(":")
    if colon and kind == "lit":
        return EnvValue("lit", rest)
    source = rest if colon and kind in ("host", "runtime") else text
    if is_key_shaped(source):
        return (
            f"looks like a secret itself; put it in an environment variable, such as {name}, and write the name of "
            "that variable here"
        )
    if _NAME.fullmatch(source):
        return EnvValue("runtime" if colon and kind == "runtime" else "host", source)
    reference = _REFERENCE.fullmatch(source)
    if reference:
        return f"is written like a shell reference; write host:{reference[1]}"
    return (
        f"is not the name of a host variable; expected host:NAME, runtime:NAME, or lit: before a text ({name}: lit:...)"
    )
