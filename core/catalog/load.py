"""Where the catalog comes from: the packaged list and the user's own `catalog/*.yaml` and `*.yml` files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from ..base.home import xdg_dir
from .builtin import Builtin, read_builtin
from .catalog import Catalog
from .model import TaskSpec

BESIDE = "catalog"


def load_catalog(extra_dirs: Sequence[Path] = (), *, env: Mapping[str, str] | None = None) -> Catalog:
    """The catalog, with the tasks of `*.yaml` and `*.yml` in the user's catalog directory and in `extra_dirs`.

    A later directory replaces tasks of an earlier one; directories that do not exist are skipped. `env`
    (default: the process's) says where the user's directory is. Raises ConfigError with all problems.
    """
    source = partial(current_builtin, env)
    files = [*own_files(env), *(file for folder in extra_dirs for file in catalog_files(folder))]
    own: list[TaskSpec] = []
    if files:
        from .user import read_files

        own = read_files(files, source)
    return Catalog(own, builtin=source)


def catalog_files(folder: Path) -> list[Path]:
    """The catalog files in a directory, by name; none when there is no such directory."""
    return sorted(file for suffix in ("*.yaml", "*.yml") for file in folder.glob(suffix))


def own_files(env: Mapping[str, str] | None = None) -> list[Path]:
    """The files of the user's catalog directory; a home that may not be read, as root's in an image, holds none."""
    with contextlib.suppress(OSError):
        return catalog_files(user_dir(env))
    return []


def catalog_dirs(sources: Sequence[Path]) -> list[Path]:
    """The directories `catalog` beside the files of a config, where they exist, in the order of the files."""
    return [folder for folder in dict.fromkeys(source.parent / BESIDE for source in sources) if folder.is_dir()]


def current_builtin(env: Mapping[str, str] | None = None) -> Builtin:
    """The packaged catalog, or the newer one in its place. Raises CatalogError for a damaged file."""
    newer = updated_path(env)
    return read_builtin(newer) if os.path.exists(newer) else read_builtin()


def updated_path(env: Mapping[str, str] | None = None) -> Path:
    """The file that takes the place of the packaged catalog once `evaldock catalog update` has written it."""
    return user_dir(env) / "nemo-evaluator.tsv"


def user_dir(env: Mapping[str, str] | None = None) -> Path:
    """`$XDG_CONFIG_HOME/evaldock/catalog`, by default under `~/.config`."""
    return xdg_dir("config", env) / "evaldock" / "catalog"
