"""The simplest result file: {"name": number, ...}, or the same under "metrics"."""

from __future__ import annotations

from collections.abc import Iterator

from .merge import Found, merged
from .model import Metric
from .numbers import as_count, as_mapping, as_number, is_infinite
from .primary import is_usual


def read_plain_json(tree: object) -> tuple[Found, ...]:
    """Figures of the parsed file under their own names.

    An entry is a number or {"value": number, "stderr": number, "n": count}; anything else is left out. Raises
    TooManyFigures.
    """
    fields = as_mapping(tree)
    if isinstance(fields.get("metrics"), dict):
        fields = as_mapping(fields.get("metrics"))
    return merged(found for name, entry in fields.items() for found in _entry(name, entry))


def _entry(name: str, entry: object) -> Iterator[Found]:
    fields = as_mapping(entry)
    if "value" not in fields and not _is_figure(name, entry):
        return
    metric = Metric.read(name, fields.get("value", entry), as_number(fields.get("stderr")), as_count(fields.get("n")))
    yield Found(metric, (), name)


def _is_figure(name: str, entry: object) -> bool:
    """Other texts may be anything, but under the name of a figure they stand in its place."""
    stands_for_one = isinstance(entry, (str, type(None))) and is_usual(name)
    return as_number(entry) is not None or is_infinite(entry) or stands_for_one
