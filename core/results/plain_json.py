"""The simplest result file: {"name": number, ...}, or the same under "metrics"."""

from __future__ import annotations

from collections.abc import Iterator

from .merge import Found, merged
from .model import Metric
from .numbers import as_count, as_mapping, as_number


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
    fields = as_mapping(entry) or {"value": entry}
    value = as_number(fields.get("value"))
    if value is not None:
        metric = Metric(name, value, as_number(fields.get("stderr")), as_count(fields.get("n")))
        yield Found(metric, (), name)
