"""The packaged catalog (`builtin.tsv`), read once and only when somebody asks for a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .model import TaskSpec


@dataclass(frozen=True)
class Harness:
    """One evaluation harness and the image that holds it."""

    name: str
    image: str
    digest: str = ""
    architectures: str = "multiarch"
    title: str = ""
    address: str = ""


@dataclass(frozen=True)
class Builtin:
    """The packaged harnesses and tasks, in file order."""

    harnesses: tuple[Harness, ...]
    tasks: tuple[TaskSpec, ...]


@cache
def read_builtin() -> Builtin:
    """The packaged catalog; parsed at the first call."""
    return parse_builtin(Path(__file__).with_name("builtin.tsv").read_text(encoding="utf-8"))


def parse_builtin(text: str) -> Builtin:
    """Parse the P, H and T rows of `builtin.tsv`; the file's own head describes them."""
    presets: dict[str, Mapping[str, object]] = {"": {}}
    harnesses: list[Harness] = []
    tasks: list[TaskSpec] = []
    for line in text.splitlines():
        kind, *cells = line.split("\t")
        if kind == "P":
            presets[cells[0]] = _params(cells[1])
        elif kind == "H":
            harnesses.append(Harness(*cells))
        elif kind == "T":
            tasks.append(_task(cells, harnesses[-1], presets))
    return Builtin(tuple(harnesses), tuple(tasks))


def _task(cells: list[str], harness: Harness, presets: Mapping[str, Mapping[str, object]]) -> TaskSpec:
    name, types, preset, env = (*cells, "", "")[:4]
    return TaskSpec(
        name=name,
        harness=harness.name,
        image=harness.image,
        digest=harness.digest,
        endpoint_types=tuple(types.split(",")),
        required_env=tuple(env.split(",")) if env else (),
        params=presets[preset],
        description=harness.title,
        architectures=harness.architectures,
    )


def _params(text: str) -> dict[str, object]:
    pairs = (pair.split("=", 1) for pair in text.split())
    return {key: _number(value) for key, value in pairs}


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
