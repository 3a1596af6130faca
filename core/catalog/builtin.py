"""The catalog of NVIDIA's containers: packaged (`builtin.tsv`), or a newer one from `evaldock catalog update`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .model import CatalogError, TaskSpec

_NONE, _MANY = "-", "*"
PACKAGED = Path(__file__).with_name("builtin.tsv")


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
    """Harnesses and tasks in file order. `version` is that of the package they were read from, "" for the packaged."""

    harnesses: tuple[Harness, ...]
    tasks: tuple[TaskSpec, ...]
    version: str = ""


@cache
def read_builtin(path: Path = PACKAGED) -> Builtin:
    """The catalog in this file; parsed at the first call. Raises CatalogError for a damaged file of the user's."""
    try:
        if not path.is_file():
            raise ValueError("no ordinary file")
        return parse_builtin(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, LookupError, TypeError):
        remedy = "run `evaldock catalog update` again, or `evaldock catalog reset`"
        raise CatalogError(f"the catalog {path} is damaged: {remedy}") from None


def parse_builtin(text: str) -> Builtin:
    """Parse the V, P, H, E and T rows of `builtin.tsv`; the file's own head describes them.

    Raises ValueError, LookupError or TypeError for rows that are none.
    """
    version = ""
    presets: dict[str, Mapping[str, object]] = {"": {}}
    harnesses: list[Harness] = []
    tasks: list[TaskSpec] = []
    extras: frozenset[str] | None = None
    for line in text.splitlines():
        kind, *cells = line.split("\t")
        if kind == "V":
            version = cells[0] if cells else ""
        elif kind == "P":
            presets[cells[0]] = _params(cells[1])
        elif kind == "H":
            harnesses.append(Harness(*cells))
            extras = None
        elif kind == "E":
            extras = frozenset(cells[0].split(",")) - {_NONE}
        elif kind == "T":
            tasks.append(_task(cells, harnesses[-1], presets, extras))
    return Builtin(tuple(harnesses), tuple(tasks), version)


def format_builtin(builtin: Builtin) -> str:
    """The text that `parse_builtin` reads."""
    presets: dict[str, str] = {}
    rows: list[list[str]] = []
    for harness in builtin.harnesses:
        fields = (harness.name, harness.image, harness.digest, harness.architectures, harness.title, harness.address)
        rows.append(["H", *map(_cell, fields)])
        extras: frozenset[str] | None = None
        for task in builtin.tasks:
            if task.harness == harness.name:
                if task.extras is not None and task.extras != extras:
                    extras = task.extras
                    rows.append(["E", ",".join(sorted(extras)) or _NONE])
                params = " ".join(f"{key}={value}" for key, value in task.params.items())
                preset = presets.setdefault(params, f"p{len(presets) + 1}") if params else ""
                about = "" if task.description == harness.title else task.description
                row = [task.name, ",".join(task.endpoint_types), preset, ",".join(task.required_env), about]
                size = "" if task.samples is None else f"{task.samples}{'' if task.one_request else _MANY}"
                row += [size, str(task.repeats) if task.repeats > 1 else ""]
                rows.append(["T", *map(_cell, row)])
    head = [["V", builtin.version], *(["P", name, text] for text, name in presets.items())]
    return "".join("\t".join(row).rstrip("\t") + "\n" for row in (*head, *rows))


def _cell(text: str) -> str:
    return " ".join(text.split())


def _task(
    cells: list[str], harness: Harness, presets: Mapping[str, Mapping[str, object]], extras: frozenset[str] | None
) -> TaskSpec:
    name, types, preset, env, about, size, repeats = (*cells, "", "", "", "", "")[:7]
    return TaskSpec(
        name=name,
        harness=harness.name,
        image=harness.image,
        digest=harness.digest,
        endpoint_types=tuple(types.split(",")),
        required_env=tuple(env.split(",")) if env else (),
        params=presets[preset],
        samples=int(size.removesuffix(_MANY)) if size else None,
        repeats=int(repeats or 1),
        one_request=not size.endswith(_MANY),
        extras=extras,
        description=about or harness.title,
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
