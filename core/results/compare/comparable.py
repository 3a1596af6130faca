"""What differs between two runs beside the model, and which of it makes their numbers meaningless side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...base.narrow import as_tree
from ..samples.model import shown
from .side import Side, params_of

# How fast it was asked is no part of what was measured.
_PACE = frozenset({"parallelism", "request_timeout", "max_retries", "limit_samples"})


def obstacle(before: Side, after: Side) -> str:
    """Why the two cannot be compared, a sentence without its full stop; "" when they can."""
    for side in (before, after):
        if side.score is None:
            return f"no score in {side.run}: the task {'is' if side.state in _OPEN else 'ended as'} {side.state}"
        if not side.score.valid:
            return f"the score of {side.run} is invalid: {side.score.why}".rstrip(".: ")
    one, other = before.score, after.score
    assert one is not None and other is not None
    if one.metric != other.metric:
        return f"other metrics: {one.metric} and {other.metric}"
    if one.unit != other.unit:
        return f"other units: {one.unit} and {other.unit}"
    paired = before.evidence is not None and after.evidence is not None
    if not paired and before.spec.limit != after.spec.limit:
        return f"other samples: {_extent(before)} and {_extent(after)}, and no file tells which"
    if not paired and one.n is not None and other.n is not None and one.n != other.n:
        return f"other samples: {one.n:,} and {other.n:,}, and no file tells which"
    return ""


_OPEN = ("queued", "pulling", "starting", "running", "stopping")


def _extent(side: Side) -> str:
    return "all samples" if side.spec.limit is None else f"the first {side.spec.limit:,}"


def differences(before: Side, after: Side) -> tuple[str, ...]:
    """What else is not the same, each as `what: before -> after`."""
    return tuple(_differences(before, after))


def _differences(before: Side, after: Side) -> Iterator[str]:
    one, other = before.spec, after.spec
    if before.image != after.image:
        yield f"image: {_short(before.image or one.image)} -> {_short(after.image or other.image)}"
    if one.endpoint_type != other.endpoint_type:
        yield f"endpoint type: {one.endpoint_type} -> {other.endpoint_type}"
    first, second = _flat(params_of(one)), _flat(params_of(other))
    for key in dict.fromkeys((*first, *second)):
        if key.partition(".")[0] not in _PACE and first.get(key) != second.get(key):
            yield f"{key}: {_text(first.get(key))} -> {_text(second.get(key))}"
    if one.adapter != other.adapter:
        yield "adapter_config: not the same"
    if before.spec.limit != after.spec.limit:
        yield f"limit_samples: {_text(before.spec.limit)} -> {_text(after.spec.limit)}"
    elif before.spec.smoke:
        yield f"smoke: {before.spec.smoke}"


def _flat(tree: Mapping[str, object], prefix: str = "", depth: int = 0) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in tree.items():
        inner = as_tree(value)
        if inner and depth < 8:
            found.update(_flat(inner, f"{prefix}{key}.", depth + 1))
        else:
            found[f"{prefix}{key}"] = value
    return found


def _text(value: object) -> str:
    return "not set" if value is None else shown(value)[:80]


def _short(image: str) -> str:
    name, at, digest = image.rpartition("sha256:")
    return f"{name}{at}{digest[:12]}" if at else image
