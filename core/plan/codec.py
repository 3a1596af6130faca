"""A plan as JSON and back, for `plan.json`. Values taken from the host's environment are not in a plan at all."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import TypeVar, cast

from ..config.model import EnvValue, MountSpec, RequestOptions, Resources
from .spec import DockerOptions, EnvRef, JobSpec, Plan
from .trees import copied

SCHEMA = 1

T = TypeVar("T")
_Reader = Callable[[object, str], object]


class PlanDamaged(ValueError):
    """A JSON value that is no plan; the message says where it goes wrong."""


# Fields that hold values of evaldock's own; every other field is plain JSON or a tuple of it.
_INNER: dict[str, type[object]] = {
    "value": EnvValue,
    "resources": Resources,
    "docker": DockerOptions,
    "requests": RequestOptions,
}
_INNER_LISTS: dict[str, type[object]] = {"jobs": JobSpec, "env": EnvRef, "mounts": MountSpec}


def plan_to_json(plan: Plan) -> dict[str, object]:
    """The plan as a JSON object, with the version of its schema."""
    return {"schema": SCHEMA, **cast("dict[str, object]", _encode(plan))}


def plan_from_json(data: Mapping[str, object]) -> Plan:
    """The plan that `plan_to_json` wrote; keys of a newer version are passed over. Raises PlanDamaged.

    It takes over the trees in `data`, which must not be changed afterwards.
    """
    return _decode(Plan, data, "plan")


def job_to_json(job: JobSpec) -> dict[str, object]:
    """One job as a JSON object."""
    return cast("dict[str, object]", _encode(job))


def job_from_json(data: object) -> JobSpec:
    """The job that `job_to_json` wrote. Raises PlanDamaged."""
    return _decode(JobSpec, data, "job")


def _encode(value: object) -> object:
    if is_dataclass(value):
        return {field.name: _encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_encode(item) for item in cast("tuple[object, ...]", value)]
    return copied(value)


def _decode(kind: type[T], data: object, where: str) -> T:
    if not isinstance(data, dict):
        raise PlanDamaged(f"{where} is not an object")
    given = cast("dict[str, object]", data)
    values: dict[str, object] = {}
    for name, required, read in _readers(kind):
        if name in given:
            values[name] = given[name] if read is None else read(given[name], f"{where}.{name}")
        elif required:
            raise PlanDamaged(f"{where}.{name} is missing")
    return kind(**values)


@functools.cache
def _readers(kind: type[object]) -> tuple[tuple[str, bool, _Reader | None], ...]:
    """For each field of `kind`: its name, whether it must be there, and how to read it (None: as it stands)."""
    return tuple(
        (field.name, field.default is MISSING and field.default_factory is MISSING, _reader(field))
        for field in fields(cast("type[EnvRef]", kind))
    )


def _reader(field: Field[object]) -> _Reader | None:
    if inner := _INNER.get(field.name):
        return functools.partial(_decode, inner)
    if str(field.type).startswith("tuple"):
        return functools.partial(_decode_list, _INNER_LISTS.get(field.name))
    return None


def _decode_list(kind: type[object] | None, value: object, where: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise PlanDamaged(f"{where} is not a list")
    items = cast("list[object]", value)
    return tuple(_decode(kind, item, f"{where}[{i}]") for i, item in enumerate(items)) if kind else tuple(items)
