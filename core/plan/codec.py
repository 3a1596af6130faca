"""A plan as JSON and back, for `plan.json`. Values taken from the host's environment are not in a plan at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import TypeVar, cast

from ..config.model import EnvValue, MountSpec, Resources
from .spec import DockerOptions, EnvRef, JobSpec, Plan
from .trees import copied

SCHEMA = 1

T = TypeVar("T")


class PlanDamaged(ValueError):
    """A JSON value that is no plan; the message says where it goes wrong."""


# Fields that hold values of evaldock's own; every other field is plain JSON or a tuple of it.
_INNER: dict[str, type[object]] = {"value": EnvValue, "resources": Resources, "docker": DockerOptions}
_INNER_LISTS: dict[str, type[object]] = {"jobs": JobSpec, "env": EnvRef, "mounts": MountSpec}


def plan_to_json(plan: Plan) -> dict[str, object]:
    """The plan as a JSON object, with the version of its schema."""
    return {"schema": SCHEMA, **cast("dict[str, object]", _encode(plan))}


def plan_from_json(data: Mapping[str, object]) -> Plan:
    """The plan that `plan_to_json` wrote; keys of a newer version are passed over. Raises PlanDamaged."""
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
    if not isinstance(data, Mapping):
        raise PlanDamaged(f"{where} is not an object")
    given = cast("Mapping[str, object]", data)
    values: dict[str, object] = {}
    for field in fields(cast("type[EnvRef]", kind)):
        if field.name in given:
            values[field.name] = _field(field, given[field.name], f"{where}.{field.name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise PlanDamaged(f"{where}.{field.name} is missing")
    return kind(**values)


def _field(field: Field[object], value: object, where: str) -> object:
    if inner := _INNER.get(field.name):
        return _decode(inner, value, where)
    if str(field.type).startswith("tuple"):
        if not isinstance(value, list):
            raise PlanDamaged(f"{where} is not a list")
        items = cast("list[object]", value)
        kind = _INNER_LISTS.get(field.name)
        return tuple(_decode(kind, item, f"{where}[{i}]") for i, item in enumerate(items)) if kind else tuple(items)
    return copied(value)
