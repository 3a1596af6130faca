"""`execution.auto_export`: the scores of a run are delivered by themselves once it has ended.

execution:
  auto_export:
    destinations: [local, mlflow]
export:                    # or, as nemo-evaluator-launcher 0.1 had it, execution.auto_export.configs
  mlflow:
    tracking_uri: http://127.0.0.1:5000
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from ..run.atomic import read_head, write_atomic
from ..run.clock import utc_iso
from ..run.events import Json
from ..run.narrow import as_items, as_text, as_tree
from ..run.store import Run, RunDamaged
from .export import DESTINATIONS, Destination, ExportFailed, ExportOptions, export_run

FILE = "exports.json"
FOLDER = "exports"
_LIMIT = 1 << 20


@dataclass(frozen=True)
class Delivered:
    """What became of one destination: `places` are paths or addresses, `problem` a sentence or ""."""

    destination: str
    at: str
    places: tuple[str, ...] = ()
    problem: str = ""


def wanted_exports(config: Mapping[str, object]) -> list[tuple[Destination, Json]]:
    """The destinations that a composed config asks for, each with its settings; unknown ones are left out."""
    section = as_tree(as_tree(config.get("execution")).get("auto_export"))
    older, newer = as_tree(section.get("configs")), as_tree(config.get("export"))
    found: list[tuple[Destination, Json]] = []
    for name in _names(section):
        if name in DESTINATIONS and name not in [known for known, _ in found]:
            found.append((cast(Destination, name), {**as_tree(older.get(name)), **as_tree(newer.get(name))}))
    return found


def unknown_destinations(config: Mapping[str, object]) -> list[str]:
    """Destinations that a config asks for and evaldock does not have."""
    section = as_tree(as_tree(config.get("execution")).get("auto_export"))
    return [name for name in _names(section) if name not in DESTINATIONS]


def _names(section: Json) -> Iterator[str]:
    listed = section.get("destinations")
    for item in [listed] if isinstance(listed, str) else as_items(listed):
        if isinstance(item, str):
            yield item


def auto_export(run: Run, env: Mapping[str, str]) -> list[Delivered]:
    """Deliver to every destination of the run's own config, and write down what became of it in `exports.json`.

    Files go to `exports/` in the run's directory, unless `output_dir` of the destination says otherwise (relative to
    the config). Raises nothing: an export that fails is told in its `problem`, and takes no other with it.
    """
    delivered = [_deliver(run, to, settings, env) for to, settings in wanted_exports(_config(run))]
    if delivered:
        text = json.dumps([asdict(one) for one in delivered], indent=2, ensure_ascii=False)
        try:
            write_atomic(run.paths.root / FILE, text.encode("utf-8", "replace") + b"\n", sync=False)
        except OSError as error:
            delivered.append(Delivered(FILE, utc_iso(), problem=f"It cannot be written: {error.strerror}."))
    return delivered


def _deliver(run: Run, to: Destination, settings: Json, env: Mapping[str, str]) -> Delivered:
    try:
        places = export_run(run, None, to, ExportOptions(_folder(run, settings), settings, env))
    except (ExportFailed, RunDamaged) as error:
        return Delivered(to, utc_iso(), problem=str(error))
    return Delivered(to, utc_iso(), tuple(places))


def _folder(run: Run, settings: Json) -> Path:
    named = as_text(settings.get("output_dir"))
    base = Path(run.plan.config_path).parent if run.plan.config_path else run.paths.root
    return base / Path(named).expanduser() if named else run.paths.root / FOLDER


def _config(run: Run) -> Json:
    import yaml

    try:
        return as_tree(yaml.safe_load(read_head(run.paths.config, _LIMIT) or b""))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
