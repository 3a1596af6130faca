"""Reads `--env-file` files as python-dotenv does, quoted values of several lines included; `$` stays as it is."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping
from pathlib import Path

import click

from .errors import UsageProblem
from .rows import plain

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST = 1 << 20
_CONSENT = "NEMO_EVALUATOR_TRUST_"
DEFAULT = ".env"


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of `path`. Raises UsageProblem naming file and line; never shows a value."""
    try:
        # It may be a pipe, but not one without end.
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(_MOST + 1)
    except FileNotFoundError:
        raise UsageProblem(f"There is no env file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageProblem(f"The env file {path} cannot be read: {why}.") from None
    if len(text) > _MOST:
        raise UsageProblem(f"The env file {path} is larger than 1 MB; is it the right file?")
    from dotenv.parser import parse_stream

    found: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        line = binding.original.line + _empty_lines(binding.original.string)
        if binding.error:
            raise UsageProblem(f"{path}:{line}: expected NAME=value; a quoted value ends with the quote it began with.")
        if binding.key is None:
            continue
        if binding.value is None or not _NAME.fullmatch(binding.key):
            raise UsageProblem(f"{path}:{line}: expected NAME=value.")
        found[binding.key] = binding.value
    return found


def _empty_lines(text: str) -> int:
    """How many lines of white space a binding begins with: they are a part of it."""
    return text[: len(text) - len(text.lstrip())].count("\n")


def merged(env: Mapping[str, str], files: list[Path]) -> dict[str, str]:
    """`env` with what `files` add; a variable that is already set wins, and earlier files win over later."""
    result = dict(env)
    for path in files:
        for name, value in read_env_file(path).items():
            result.setdefault(name, value)
    return result


def with_default(env: Mapping[str, str]) -> dict[str, str]:
    """`env` with what the file `.env` of the current directory adds, where there is one; said on stderr, by name.

    Nobody asked for that file: one that cannot be read costs a warning, and it gives no consent in the user's place.
    """
    result = dict(env)
    if not os.path.isfile(DEFAULT):
        return result
    try:
        found = read_env_file(Path(DEFAULT))
    except UsageProblem as problem:
        click.echo(f"evaldock: warning: {plain(str(problem))} No variable of .env is used.", err=True)
        return result
    new = {name: value for name, value in found.items() if name not in env and not name.startswith(_CONSENT)}
    if new:
        click.echo(f"evaldock: from .env: {', '.join(new)}", err=True)
    return result | new
