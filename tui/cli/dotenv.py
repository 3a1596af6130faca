"""Reads `--env-file` files: `NAME=value` lines as docker compose and python-dotenv write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from .errors import UsageProblem

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)\Z", re.DOTALL)
_MOST = 1 << 20
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "$": "$"}


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
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.match(stripped)
        if match is None:
            raise UsageProblem(f"{path}:{number}: expected NAME=value.")
        value = _value(match["value"])
        if value is None:
            raise UsageProblem(f"{path}:{number}: the quoted value of {match['name']} does not end.")
        found[match["name"]] = value
    return found


def merged(env: Mapping[str, str], files: list[Path]) -> dict[str, str]:
    """`env` with what `files` add; a variable that is already set wins, and earlier files win over later."""
    result = dict(env)
    for path in files:
        for name, value in read_env_file(path).items():
            result.setdefault(name, value)
    return result


def _value(raw: str) -> str | None:
    quote = raw[:1]
    if quote not in ("'", '"'):
        return re.split(r"\s+#", raw, maxsplit=1)[0].strip() if not raw.startswith("#") else ""
    out: list[str] = []
    position = 1
    while position < len(raw):
        char = raw[position]
        if char == quote:
            return "".join(out)
        if char == "\\" and quote == '"' and position + 1 < len(raw):
            position += 1
            out.append(_ESCAPES.get(raw[position], "\\" + raw[position]))
        else:
            out.append(char)
        position += 1
    return None
