"""What differs between two runs beside the model, and which of it makes their numbers meaningless side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...base.narrow import as_items, as_text, as_tree
from ...base.urls import bare_url
from ...plan.spec import JobSpec
from ..samples.model import shown
from .side import Side, params_of

# How fast it was asked is no part of what was measured.
_PACE = frozenset({"parallelism", "request_timeout", "max_retries", "limit_samples"})
_OWN_VARIABLES = ("EVALDOCK_", "NEMO_EVALUATOR_", "TINI_", "PYTHONUNBUFFERED")
# Interceptors that write down, keep or count, and change no answer.
_LOOKS_ON = frozenset(
    ("caching", "request_logging", "response_logging", "response_stats", "log_tokens", "progress_tracking")
)


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
    prompts = _prompts(before, after)
    if not paired and prompts is not None and not prompts[0] & prompts[1]:
        return "other samples: no prompt was sent in both"
    return ""


_OPEN = ("queued", "pulling", "starting", "running", "stopping")


def _extent(side: Side) -> str:
    return "all samples" if side.spec.limit is None else f"the first {side.spec.limit:,}"


def _prompts(before: Side, after: Side) -> tuple[frozenset[str], frozenset[str]] | None:
    """The prompts of both, when all of them are written down."""
    one, other = before.pairs, after.pairs
    if one is None or other is None or not (before.all_pairs and after.all_pairs):
        return None
    return (one.prompts, other.prompts) if one.prompts and other.prompts else None


def differences(before: Side, after: Side) -> tuple[str, ...]:
    """What else is not the same, each as `what: before -> after`."""
    return tuple(_differences(before, after))


def _differences(before: Side, after: Side) -> Iterator[str]:
    one, other = before.spec, after.spec
    for side in (before, after):
        if side.score is not None and side.score.validity == "suspect":
            yield f"{side.run} is suspect: {side.score.why.rstrip('.')}"
    yield from _of_image(before, after)
    for what, first, second in (
        ("harness", one.harness, other.harness),
        ("endpoint type", one.endpoint_type, other.endpoint_type),
        ("endpoint", bare_url(one.url), bare_url(other.url)),
    ):
        if first != second:
            yield f"{what}: {first or 'not known'} -> {second or 'not known'}"
    if one.model_id == other.model_id and before.reported and after.reported and before.reported != after.reported:
        yield f"model as the endpoint names it: {', '.join(before.reported)} -> {', '.join(after.reported)}"
    known = before.params and after.params
    params = (before.params, after.params) if known else (params_of(one), params_of(other))
    yield from _changed(_flat(params[0]), _flat(params[1]), skip=_PACE)
    yield from _changed(_adapter(one), _adapter(other), "adapter_config.")
    yield from _changed(_environment(one), _environment(other), "env ")
    for what in ("pre_cmd", "post_cmd"):
        if getattr(one, what) != getattr(other, what):
            yield f"{what}: not the same"
    yield from _of_samples(before, after)


def _of_image(before: Side, after: Side) -> Iterator[str]:
    if before.image != after.image:
        yield f"image: {_short(before.image or before.spec.image)} -> {_short(after.image or after.spec.image)}"
    one, other = before.version, after.version
    if one and other and one != other:
        yield f"harness version: {one} -> {other}"


def _of_samples(before: Side, after: Side) -> Iterator[str]:
    """What differs in which samples were asked, how often, and what came back."""
    one, other = before.score, after.score
    if one is not None and other is not None and one.repeats != other.repeats:
        yield f"repeats: {one.repeats} -> {other.repeats}"
    if before.spec.limit != after.spec.limit:
        yield f"limit_samples: {_text(before.spec.limit)} -> {_text(after.spec.limit)}"
    elif before.spec.smoke:
        yield f"smoke: {before.spec.smoke}"
    prompts = _prompts(before, after)
    if prompts is not None and prompts[0] != prompts[1]:
        shared = len(prompts[0] & prompts[1])
        yield f"prompts: {len(prompts[0]):,} and {len(prompts[1]):,}, of which {shared:,} are the same"
    if before.pairs is not None and after.pairs is not None and before.all_pairs and after.all_pairs:
        first, second = before.pairs.thought, after.pairs.thought
        if (first == 0) != (second == 0):
            yield f"answers with reasoning: {first:,} -> {second:,}"
    for side in (before, after):
        if side.cached:
            same = before.spec.model_id == after.spec.model_id
            shared = ": the two are not independent" if same else ""
            yield f"cache: {side.cached:,} answers of {side.run} were kept ones{shared}"


def _changed(
    first: Mapping[str, object], second: Mapping[str, object], prefix: str = "", skip: frozenset[str] = frozenset()
) -> Iterator[str]:
    for key in dict.fromkeys((*first, *second)):
        if key.partition(".")[0] not in skip and first.get(key) != second.get(key):
            yield f"{prefix}{key}: {_text(first.get(key))} -> {_text(second.get(key))}"


def _adapter(spec: JobSpec) -> dict[str, object]:
    """The settings of interceptors that change what is asked or answered, by their dotted names."""
    tree = {key: value for key, value in spec.adapter.items() if key != "interceptors"}
    found = _flat(tree)
    for item in as_items(spec.adapter.get("interceptors")):
        one = as_tree(item)
        name = as_text(item) or as_text(one.get("name"))
        if one.get("enabled") is not False and name not in _LOOKS_ON:
            found[name] = "on"
            found |= _flat(as_tree(one.get("config")), f"{name}.")
    return found


def _environment(spec: JobSpec) -> dict[str, object]:
    """The container's variables that are no secrets and none of evaldock's own."""
    return {
        ref.name: ref.value.source if ref.value.kind == "lit" else f"from {ref.value.source}"
        for ref in spec.env
        if not ref.secret and not ref.name.startswith(_OWN_VARIABLES)
    }


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
