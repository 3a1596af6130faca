"""A plan as JSON and back, for `plan.json`. Values taken from the host's environment are not in a plan at all."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from types import NoneType
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from ..base.errors import EvaldockError
from .spec import JobSpec, Plan
from .trees import copied

SCHEMA = 1

T = TypeVar("T")
_Reader = Callable[[object], object]


class PlanDamaged(EvaldockError, ValueError):
    """A JSON value that is no plan; the message says where it goes wrong."""


class PlanTooNew(PlanDamaged):
    """A plan that a later version of evaldock wrote in a way that this one does not know."""


def plan_to_json(plan: Plan) -> dict[str, object]:
    """The plan as a JSON object, with the version of its schema."""
    return {"schema": SCHEMA, **cast("dict[str, object]", _encode(plan))}


def plan_from_json(data: Mapping[str, object]) -> Plan:
    """The plan that `plan_to_json` wrote; keys of a newer version are passed over. Raises PlanDamaged, PlanTooNew.

    It takes over the trees in `data`, which must not be changed afterwards.
    """
    schema = data.get("schema") if isinstance(data, dict) else None
    if isinstance(schema, int) and schema > SCHEMA:
        raise PlanTooNew(f"written in format {schema}, and this version knows those up to {SCHEMA}")
    return _decode(Plan, data, "plan")


def job_to_json(job: JobSpec) -> dict[str, object]:
    """One job as a JSON object."""
    return cast("dict[str, object]", _encode(job))


def job_from_json(data: object) -> JobSpec:
    """The job that `job_to_json` wrote. Raises PlanDamaged."""
    return _decode(JobSpec, data, "job")


def _encode(value: object) -> object:
    if is_dataclass(value):
        shown = (one for one in fields(value) if not _silent(one, getattr(value, one.name)))
        return {field.name: _encode(getattr(value, field.name)) for field in shown}
    if isinstance(value, tuple):
        return [_encode(item) for item in cast("tuple[object, ...]", value)]
    return copied(value)


def _silent(field: Field[object], value: object) -> bool:
    """Whether a plan is without it: plans of what was there before a field are as they were."""
    return bool(field.metadata.get("quiet")) and value == field.default


def _decode(kind: type[T], data: object, where: str) -> T:
    try:
        return cast(T, _object(cast("type[Any]", kind), data))
    except PlanDamaged as error:
        raise PlanDamaged(f"{where}{error}") from None


def _object(kind: type[Any], data: object) -> object:
    if not isinstance(data, dict):
        raise PlanDamaged(" is not an object")
    given = cast("dict[str, object]", data)
    values: dict[str, object] = {}
    for name, required, read in _readers(kind):
        if name in given:
            try:
                values[name] = read(given[name])
            except PlanDamaged as error:
                raise PlanDamaged(f".{name}{error}") from None
        elif required:
            raise PlanDamaged(f".{name} is missing")
    return kind(**values)


@functools.cache
def _readers(kind: type[Any]) -> tuple[tuple[str, bool, _Reader], ...]:
    """For each field of `kind`: its name, whether it must be there, and how to read it.

    A reader returns the field's value, or raises PlanDamaged with the end of a sentence that begins with its place.
    """
    hints = get_type_hints(kind)
    return tuple(
        (field.name, field.default is MISSING and field.default_factory is MISSING, _reader(hints[field.name]))
        for field in fields(kind)
    )


def _reader(hint: Any) -> _Reader:
    if is_dataclass(hint):
        return functools.partial(_object, cast("type[Any]", hint))
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, parts = get_origin(hint), get_args(hint)
    if origin is tuple:
        return functools.partial(_list, _reader(parts[0]))
    if origin is Literal:
        return functools.partial(_word, parts)
    if origin is dict:
        return _tree
    return functools.partial(_optional, _reader(next(part for part in parts if part is not NoneType)))


def _optional(read: _Reader, value: object) -> object:
    return None if value is None else read(value)


def _list(read: _Reader, value: object) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise PlanDamaged(" is not a list")
    found: list[object] = []
    for item in cast("list[object]", value):
        try:
            found.append(read(item))
        except PlanDamaged as error:
            raise PlanDamaged(f"[{len(found)}]{error}") from None
    return tuple(found)


def _word(words: tuple[object, ...], value: object) -> object:
    if value not in words:
        raise PlanDamaged(f" is none of {', '.join(map(str, words))}")
    return value


def _tree(value: object) -> object:
    if not isinstance(value, dict):
        raise PlanDamaged(" is not an object")
    return cast("object", value)


def _text(value: object) -> object:
    if not isinstance(value, str):
        raise PlanDamaged(" is not text")
    return value


def _flag(value: object) -> object:
    if not isinstance(value, bool):
        raise PlanDamaged(" is neither true nor false")
    return value


def _whole(value: object) -> object:
    if not isinstance(value, int) or isinstance(value, bool) or not -_LARGEST <= value <= _LARGEST:
        raise PlanDamaged(" is not a whole number")
    return value


def _number(value: object) -> object:
    if isinstance(value, float) and math.isfinite(value):
        return value
    if not isinstance(value, int):
        raise PlanDamaged(" is not a number")
    return _whole(value)


# Larger ones cannot be reckoned with; what a config or a catalog may say is smaller.
_LARGEST = int(sys.float_info.max)
_PLAIN: dict[object, _Reader] = {str: _text, bool: _flag, int: _whole, float: _number}
