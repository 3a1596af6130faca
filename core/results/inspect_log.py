"""Logs of Inspect (inspect_ai): JSON, or `.eval`, a zip archive whose `header.json` is the log without samples.

{"status": "success", "results": {"scores": [{"name", "scored_samples", "metrics": {name: {"value"}}}]}}; the metric
`stderr` of a score is the standard error of its others.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import cast

from .files import MAX_BYTES, Unreadable, parse_json
from .merge import Found, merged
from .model import Metric
from .numbers import as_count, as_mapping, as_number, printable

_HEADER = "header.json"
_ERRORS = ("stderr", "bootstrap_stderr", "std", "var")


def parse_inspect(content: bytes) -> object:
    """The log without its samples. Raises Unreadable."""
    return parse_json(_header(content) if content.startswith(b"PK") else content)


def read_inspect(tree: object) -> tuple[Found, ...]:
    """Figures of the parsed log: `<score>_<metric>`, or `<metric>` where there is only one score, with `_<reducer>`
    where a score was reduced in several ways.

    Raises Unreadable for an evaluation that did not succeed, TooManyFigures.
    """
    fields = as_mapping(tree)
    status = fields.get("status")
    if status != "success":
        raise Unreadable(f"says that the evaluation ended with the status {printable(str(status)[:40])}")
    scores = as_mapping(fields.get("results")).get("scores")
    listed = [as_mapping(score) for score in cast("list[object]", scores)] if isinstance(scores, list) else []
    times = Counter(_named(score) for score in listed)
    # One score for each reducer of epochs: `mean` and `at_least_1` of the same answers are different figures.
    return merged(
        found
        for score in listed
        for found in _figures(
            score,
            _named(score) if len(times) > 1 else "",
            str(score.get("reducer") or "") if times[_named(score)] > 1 else "",
        )
    )


def _figures(score: Mapping[str, object], name: str, reducer: str) -> Iterator[Found]:
    entries = {name: as_mapping(entry) for name, entry in as_mapping(score.get("metrics")).items()}
    metrics = {name: entry["value"] for name, entry in entries.items() if "value" in entry}
    stderr = next((error for name in _ERRORS[:2] if (error := as_number(metrics.get(name))) is not None), None)
    n = as_count(score.get("scored_samples"))
    for label, value in metrics.items():
        if label not in _ERRORS and not isinstance(value, bool):
            own = f"{label}_{reducer}" if reducer else label
            yield Found(Metric.read("_".join(filter(None, (name, own))), value, stderr, n), (), own)


def _named(score: Mapping[str, object]) -> str:
    return str(score.get("name") or score.get("scorer") or "score")


def _header(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if archive.getinfo(_HEADER).file_size > MAX_BYTES:
                raise Unreadable("holds a header that is too large to be one")
            return archive.read(_HEADER)
    except NotImplementedError:
        raise Unreadable(
            "is compressed with zstd, which Python reads from 3.14 on: let the task write JSON (--log-format json)"
        ) from None
    except KeyError:
        raise Unreadable(f"holds no {_HEADER}: the evaluation did not come to its end") from None
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, ValueError) as error:
        raise Unreadable(f"is a damaged archive ({printable(str(error)[:100])})") from None
