"""`execution.auto_export`: the scores of a run are delivered by themselves once it has ended."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ..base.atomic import read_head, write_atomic
from ..base.clock import utc_iso
from ..base.narrow import Json, as_text, as_tree
from ..base.sanitize import json_text
from ..config.exports import DESTINATIONS, Destination, export_settings, wanted_destinations
from ..run.store import Run, RunDamaged
from .delivery import ExportFailed, ExportOptions
from .export import export_run

FILE = "exports.json"
FOLDER = "exports"
_LIMIT = 1 << 20


@dataclass(frozen=True)
class Delivered:
    """What became of one destination: `places` are paths or addresses, `problem` is a sentence or ""."""

    destination: str
    at: str
    places: tuple[str, ...] = ()
    problem: str = ""


def auto_export(run: Run, env: Mapping[str, str]) -> list[Delivered]:
    """Deliver to every destination of the run's own config, and write down what became of it in `exports.json`.

    Files go to `exports/` in the run's directory, unless `output_dir` of the destination says otherwise (relative to
    the config). Raises nothing: an export that fails is told in its `problem`, and takes no other with it.
    """
    config = config_of(run)
    wanted = wanted_destinations(config)
    delivered = [_deliver(run, to, export_settings(config, to), env) for to in DESTINATIONS if to in wanted]
    if delivered:
        text = json_text([asdict(one) for one in delivered], indent=2)
        try:
            write_atomic(run.paths.root / FILE, text.encode("utf-8", "replace") + b"\n", sync=False)
        except OSError as error:
            delivered.append(Delivered(FILE, utc_iso(), problem=f"{FILE} cannot be written: {error.strerror}."))
    return delivered


def config_of(run: Run) -> Json:
    """The composed config that a run was made from; {} when it is lost."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return as_tree(yaml.load(read_head(run.paths.config, _LIMIT) or b"", loader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}


def _deliver(run: Run, to: Destination, settings: Json, env: Mapping[str, str]) -> Delivered:
    try:
        places = export_run(run, None, to, ExportOptions(_folder(run, settings), settings, env))
    except (ExportFailed, RunDamaged) as error:
        return Delivered(to, utc_iso(), problem=str(error))
    return Delivered(to, utc_iso(), tuple(places))


def _folder(run: Run, settings: Json) -> Path:
    named = as_text(settings.get("output_dir"))
    base = Path(run.plan.config_path).parent if run.plan.config_path else run.paths.root
    return base / os.path.expanduser(named) if named else run.paths.root / FOLDER
