"""Where a config wants the scores to go when a run has ended.

execution:
  auto_export:
    destinations: [local, mlflow]
export:                    # or, as nemo-evaluator-launcher 0.1 had it, execution.auto_export.configs
  mlflow:
    tracking_uri: http://127.0.0.1:5000
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast, get_args

Destination = Literal["local", "json", "csv", "junit", "mlflow"]
DESTINATIONS: tuple[Destination, ...] = get_args(Destination)

_FILES = frozenset(("output_dir",))
SETTINGS: dict[str, frozenset[str]] = {
    "json": _FILES,
    "csv": _FILES,
    "junit": _FILES,
    "local": _FILES | {"format", "output_filename", "log_metrics", "copy_logs", "copy_artifacts", "only_required"},
    "mlflow": _FILES
    | {"tracking_uri", "experiment_name", "run_name", "description", "tags", "extra_metadata", "log_metrics"}
    | {"log_artifacts"},
}
"""What each destination heeds."""


def wanted_destinations(config: Mapping[str, object]) -> list[str]:
    """The names in a composed config's `execution.auto_export.destinations`, each once, known or not."""
    listed = _auto_export(config).get("destinations")
    items = cast("list[object]", listed) if isinstance(listed, list) else [listed]
    return list(dict.fromkeys(item for item in items if isinstance(item, str)))


def export_settings(config: Mapping[str, object], destination: str) -> dict[str, object]:
    """What a composed config says of one destination."""
    older = _mapping(_mapping(_auto_export(config).get("configs")).get(destination))
    return {**older, **_mapping(_mapping(config.get("export")).get(destination))}


def _auto_export(config: Mapping[str, object]) -> Mapping[str, object]:
    return _mapping(_mapping(config.get("execution")).get("auto_export"))


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}
