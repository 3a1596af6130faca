"""Reading the files that a container left. It is not trusted: what it wrote may be anything, of any size."""

from __future__ import annotations

import fnmatch
import json
import os
import stat
from pathlib import Path

from ..base.errors import EvaldockError
from ..base.plain_yaml import load_yaml
from ..base.trees import files_below
from .numbers import printable

MAX_BYTES = 64 * 1024 * 1024
# Deeper or longer documents are no results; C parsers would overrun their stack on hostile nesting.
MAX_YAML_DEPTH = 200
MAX_YAML_EVENTS = 2_000_000
_MAX_FILES_LISTED = 50_000
# What the parsers raise on input that is no YAML or JSON, beside their own errors.
_PARSER_ERRORS = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)


class Unreadable(EvaldockError):
    """A file that cannot be used; the message is the end of a sentence that starts with the file's name."""


class Missing(Unreadable):
    """The file is not there."""


def newest_match(root: Path, pattern: str) -> str:
    """The file under `root` that `pattern` names, relative to it; of several the last by name.

    A pattern without wildcards is returned as it is. Otherwise it is matched against file names at any depth (times
    in names sort by age). Links to directories are not followed. Raises Missing when nothing matches.
    """
    if not any(character in pattern for character in "*?["):
        return pattern
    matches: list[tuple[str, str]] = []
    for entry in files_below(root, most=_MAX_FILES_LISTED):
        path = os.path.relpath(entry.path, root)
        if fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(entry.name, pattern):
            matches.append((entry.name, path))
    if not matches:
        raise Missing("was not written")
    return max(matches)[1]


def read_bytes(root: Path, name: str) -> bytes:
    """The content of the file `name` under `root`. Raises Missing or Unreadable.

    Links that lead out of `root`, and anything that is no regular file (reading a pipe would wait for ever), are
    refused.
    """
    try:
        base = root.resolve()
        path = (base / name).resolve()
        if not path.is_relative_to(base):
            raise Unreadable("leads out of the job's own directory: refused")
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise Missing("was not written") from None
    except PermissionError:
        raise Unreadable("may not be read: it belongs to the container's user") from None
    except (OSError, RuntimeError, ValueError) as error:
        raise Unreadable(f"cannot be opened ({error})") from None
    try:
        return _content(descriptor)
    finally:
        os.close(descriptor)


def _content(descriptor: int) -> bytes:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("is no regular file: refused")
    if status.st_size > MAX_BYTES:
        raise Unreadable(f"has {status.st_size // 1_000_000} MB, more than the {MAX_BYTES // 1_000_000} MB allowed")
    chunks: list[bytes] = []
    try:
        while chunk := os.read(descriptor, 1 << 20):
            chunks.append(chunk)
            if len(chunks) * (1 << 20) > MAX_BYTES + (1 << 20):
                raise Unreadable("grew beyond what is allowed while it was read")
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})") from None
    return b"".join(chunks)


def parse_json(content: bytes) -> object:
    """The value in a JSON file. Raises Unreadable."""
    try:
        return json.loads(content)
    except _PARSER_ERRORS as error:
        raise Unreadable(f"is no valid JSON ({_first_line(error)})") from None


def parse_yaml(content: bytes) -> object:
    """The value in a YAML file of plain types. Raises Unreadable."""
    import yaml

    try:
        _check_nesting(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return load_yaml(content, merge_keys=False, any_tag=True)
    except (yaml.YAMLError, *_PARSER_ERRORS) as error:
        raise Unreadable(f"is no valid YAML ({_first_line(error)})") from None


def _check_nesting(content: bytes, loader: object) -> None:
    import yaml

    depth = 0
    for number, event in enumerate(yaml.parse(content, loader)):  # type: ignore[arg-type]
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_YAML_DEPTH or number > MAX_YAML_EVENTS:
            raise Unreadable("is nested too deeply or too long to be a result")


def _first_line(error: BaseException) -> str:
    return printable(str(error).partition("\n")[0][:200]) or type(error).__name__
