"""Finding the file that the user means, or saying which files there are."""

from __future__ import annotations

import os
from pathlib import Path

from .compose import SUFFIXES, is_file, names_in
from .model import ConfigError, ConfigProblem
from .node import printable
from .suggest import did_you_mean, near

DEFAULT_NAME = "default"


def locate(path: Path | None, config_dir: Path | None, config_name: str | None) -> Path:
    """The config file meant. Raises ConfigError with the names that do exist."""
    if path is not None:
        if config_dir is not None or config_name is not None:
            raise _problem("a config is named twice: use either --config, or --config-dir and --config-name")
        return _at_path(Path(os.path.expanduser(path)))
    if config_dir is None and config_name is None:
        raise _problem("no config is named: use --config FILE, or --config-dir DIR and --config-name NAME")
    return _in_directory(Path(os.path.expanduser(config_dir or ".")), config_name)


def _at_path(path: Path) -> Path:
    for candidate in (path, *(path.with_name(path.name + suffix) for suffix in SUFFIXES if path.name)):
        if is_file(candidate):
            return candidate
    if _is_dir(path):
        raise _problem(f"{_show(path)} is a directory; use --config-dir {_show(path)} --config-name NAME{_names(path)}")
    _require_directory(path.parent)
    raise _problem(f"there is no file {_show(path)}" + did_you_mean(path.stem, names_in(path.parent)))


def _in_directory(directory: Path, name: str | None) -> Path:
    _require_directory(directory)
    wanted = DEFAULT_NAME if name is None else name
    for suffix in ("", *SUFFIXES) if wanted.endswith(SUFFIXES) else SUFFIXES:
        candidate = directory / f"{wanted}{suffix}"
        if wanted and is_file(candidate):
            return candidate
    if name is None:
        raise _problem(f"no --config-name is given, and {_show(directory)} has no default.yaml{_names(directory)}")
    names = list(names_in(directory))
    stem = wanted.removesuffix(".yaml").removesuffix(".yml")
    hint = did_you_mean(stem, names) if names else "; the directory has no YAML files"
    raise _problem(f"there is no config '{printable(stem)}' in {_show(directory)}{hint}")


def _require_directory(directory: Path) -> None:
    if _is_dir(directory):
        return
    if is_file(directory):
        raise _problem(f"{_show(directory)} is a file, not a directory")
    hint = ""
    try:
        siblings = [entry.name for entry in directory.parent.iterdir() if entry.is_dir()]
        match = near(directory.name, siblings)
        hint = f"; did you mean {_show(directory.parent / match)}?" if match else ""
    except (OSError, ValueError):
        pass
    raise _problem(f"there is no directory {_show(directory)}{hint}")


def _is_dir(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _names(directory: Path) -> str:
    names = list(names_in(directory))
    return did_you_mean("", names)


def _show(path: Path) -> str:
    return printable(str(path), 300)


def _problem(message: str) -> ConfigError:
    return ConfigError([ConfigProblem(message)])
