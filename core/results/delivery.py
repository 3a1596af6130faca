"""What every destination of scores needs: its options, its error, a file that others may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..base.atomic import write_atomic
from ..base.errors import EvaldockError


class ExportFailed(EvaldockError):
    """Scores that could not be delivered; the message is a sentence for the user."""


@dataclass(frozen=True)
class ExportOptions:
    """`folder` is where files go; `settings` is what the config says under `export.<destination>`; `env` is where
    MLflow's own variables are looked up."""

    folder: Path
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    env: Mapping[str, str] = field(default_factory=dict[str, str])


def write_file(path: Path, text: str) -> str:
    """Write a file for others to read, with the folders above it, and return its path. Raises ExportFailed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text.encode("utf-8", "replace"), mode=0o644)
    except OSError as error:
        raise ExportFailed(f"{path} cannot be written: {error.strerror}. Choose another folder.") from error
    return str(path)
