"""What a harness wrote down of each single sample: right or wrong, by the sample's id.

Two shapes are known: lm-evaluation-harness's `samples_<task>_<time>.jsonl` (doc_id, filter, and a field per metric) and
IFBench's and IFEval's `eval_results_{strict,loose}.jsonl` (prompt, follow_all_instructions). A column counts as what is
behind a figure only if its mean is that figure, so a wrong guess shows nothing rather than something wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import cast

from ..statistics.interval import mean_error
from .files import Unreadable, read_bytes
from .merge import Found
from .model import Metric
from .numbers import as_mapping, as_number

_SAMPLES = re.compile(r"samples_(?P<task>.+?)_\d{4}-\d\d-\d\dT[\d:.-]+\.jsonl|samples_(?P<bare>.+)\.jsonl")
_INSTRUCTIONS = re.compile(r"eval_results_(?P<kind>strict|loose)\.jsonl")
_NO_FILTER = ("", "none")
_MOST_FILES = 2000
_MOST_SAMPLES = 200_000
_MOST_BYTES = 256 * 1024 * 1024  # of all files of one job together
_CLOSE = 1e-6


@dataclass(frozen=True)
class Outcomes:
    """The samples behind one figure: id -> what it scored. `file` is where that stands, relative to the artifacts."""

    file: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class _Column:
    """One field of one file of samples: of the task `task` ("" when the file does not say), called `label`."""

    task: str
    label: str
    outcomes: Outcomes


class SampleFiles:
    """The sample files of one job's artifacts, read once and only when something asks."""

    def __init__(self, artifacts: Path) -> None:
        self._artifacts = artifacts
        self._columns: list[_Column] | None = None

    def behind(self, found: Found) -> Outcomes | None:
        """The samples whose mean is this figure, None when no file tells. Raises nothing."""
        label = _plain(found.label)
        owner = _plain(found.owner[-1]) if found.owner else ""
        for column in self._read():
            if column.label == label and column.task in ("", owner) and _is_mean(found.metric, column.outcomes.values):
                return column.outcomes
        return None

    def _read(self) -> Sequence[_Column]:
        if self._columns is None:
            self._columns = []
            room = _MOST_BYTES
            for name in _sample_files(self._artifacts):
                content = _content(self._artifacts, name)
                room -= len(content)
                if room < 0:
                    break
                self._columns += _columns(name, content)
        return self._columns


def with_errors(figures: Iterable[Found], artifacts: Path) -> tuple[Found, ...]:
    """`figures`, and where a harness gave no n or no error but wrote its samples down, both taken from there."""
    files = SampleFiles(artifacts)
    return tuple(_completed(found, files) for found in figures)


def _completed(found: Found, files: SampleFiles) -> Found:
    metric = found.metric
    if metric.n is not None:
        return found
    outcomes = files.behind(found)
    if outcomes is None:
        return found
    values = list(outcomes.values.values())
    stderr = mean_error(values) if metric.stderr is None else metric.stderr
    return replace(found, metric=replace(metric, n=len(values), stderr=stderr))


def _sample_files(artifacts: Path) -> list[str]:
    found: list[str] = []
    try:
        for number, path in enumerate(artifacts.rglob("*.jsonl")):
            if number >= _MOST_FILES:
                break
            if _SAMPLES.fullmatch(path.name) or _INSTRUCTIONS.fullmatch(path.name):
                found.append(path.relative_to(artifacts).as_posix())
    except OSError:
        return []
    # Times in names sort by age, and the newest is the one the results speak of.
    return sorted(found, reverse=True)


def _content(artifacts: Path, name: str) -> bytes:
    try:
        return read_bytes(artifacts, name)
    except Unreadable:
        return b""


def _columns(name: str, content: bytes) -> Iterator[_Column]:
    base = name.rsplit("/", 1)[-1]
    if match := _INSTRUCTIONS.fullmatch(base):
        task, columns = "", _instruction_columns(_rows(content), match["kind"])
    else:
        match = _SAMPLES.fullmatch(base)
        task, columns = _plain((match["task"] or match["bare"]) if match else ""), _lm_eval_columns(_rows(content))
    for label, values in columns.items():
        yield _Column(task, label, Outcomes(name, values))


def _rows(content: bytes) -> Iterator[Mapping[str, object]]:
    for number, line in enumerate(content.splitlines()):
        if number >= _MOST_SAMPLES:
            return
        try:
            yield as_mapping(json.loads(line))
        except (ValueError, RecursionError):
            continue


def _instruction_columns(rows: Iterable[Mapping[str, object]], kind: str) -> dict[str, dict[str, float]]:
    """Whole prompts, and single instructions: all of them, by family (`count`) and by kind (`count:conjunctions`)."""
    columns: dict[str, dict[str, float]] = {}

    def note(label: str, identity: str, passed: bool) -> None:
        column = columns.setdefault(label, {})
        column[_unique(column, identity)] = float(passed)

    for row in rows:
        whole, each, names = (
            row.get(key) for key in ("follow_all_instructions", "follow_instruction_list", "instruction_id_list")
        )
        if not isinstance(whole, bool):
            continue
        identity = _digest(row.get("prompt"))
        note(f"{kind}_prompt_level", identity, whole)
        if isinstance(each, list) and isinstance(names, list):
            for name, passed in zip(cast("list[object]", names), cast("list[object]", each), strict=False):
                for label in {"instruction_level", _plain(str(name).partition(":")[0]), _plain(str(name))}:
                    note(f"{kind}_{label}", f"{identity}:{name}", passed is True)
    return columns


def _lm_eval_columns(rows: Iterable[Mapping[str, object]]) -> dict[str, dict[str, float]]:
    columns: dict[str, dict[str, float]] = {}
    for row in rows:
        identity = _digest(row.get("doc")) if row.get("doc") else str(row.get("doc_hash") or row.get("doc_id"))
        kind = str(row.get("filter") or "")
        named = row.get("metrics")
        for name in cast("list[object]", named) if isinstance(named, list) else ():
            value = _passed(row.get(str(name)))
            if value is not None:
                label = _plain(str(name) if kind in _NO_FILTER else f"{name}_{kind}")
                column = columns.setdefault(label, {})
                column[_unique(column, identity)] = value
    return columns


def _passed(value: object) -> float | None:
    return float(value) if isinstance(value, bool) else as_number(value)


def _unique(column: Mapping[str, float], identity: str) -> str:
    """The same sample asked again (repeats) gets a number behind its id."""
    if identity not in column:
        return identity
    number = 2
    while f"{identity}#{number}" in column:
        number += 1
    return f"{identity}#{number}"


def _digest(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _is_mean(metric: Metric, values: Mapping[str, float]) -> bool:
    if not values or (metric.n is not None and metric.n != len(values)):
        return False
    return abs(sum(values.values()) / len(values) - metric.value) <= _CLOSE


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
