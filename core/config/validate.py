"""The composed tree against `schema.json`: every violation becomes one sentence at the place where it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, cast

from .model import ConfigProblem, Origin
from .node import Node, Steps, child, format_steps, nearest, plain, printable, walk
from .quick import surely_valid
from .schema import load_schema
from .suggest import did_you_mean
from .words import describe, expected, types

MAX_PROBLEMS = 200

HOMES = {
    "output_dir": "execution",
    "mode": "execution",
    "max_parallel": "execution",
    "resources": "execution",
    "extra_docker_args": "execution",
    "mounts": "execution",
    "api_endpoint": "target",
    "url": "target.api_endpoint",
    "model_id": "target.api_endpoint",
    "api_key_name": "target.api_endpoint",
    "adapter_config": "target.api_endpoint",
    "tasks": "evaluation",
    "nemo_evaluator_config": "evaluation",
    "overrides": "evaluation or a task",
    "params": "overrides, as config.params",
    "limit_samples": "a task's overrides, as config.params.limit_samples",
    "temperature": "a task's overrides, as config.params.temperature",
    "top_p": "a task's overrides, as config.params.top_p",
    "max_new_tokens": "a task's overrides, as config.params.max_new_tokens",
    "parallelism": "a task's overrides, as config.params.parallelism",
    "request_timeout": "a task's overrides, as config.params.request_timeout",
}
_ODD_NUMBER = re.compile(r"[-+]?(0[0-7_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")


def validate(root: Node, start: Origin) -> list[ConfigProblem]:
    """What the schema finds in `root`; `start` is the place to name for keys that are missing altogether."""
    tree = plain(root)
    problems: list[ConfigProblem] = []
    valid = surely_valid(tree, load_schema(), load_schema()["$defs"])
    for error in () if valid else islice(_errors(tree), MAX_PROBLEMS):
        steps: Steps = tuple(error.absolute_path)
        if not _told(root, steps):
            problems += _sentences(error, root, steps, start)
    reported = {problem.path for problem in problems}
    odd = (problem for problem in _odd_values(root) if problem.path not in reported)
    return problems + list(islice(odd, MAX_PROBLEMS))


def _errors(tree: object) -> Iterator[Any]:
    from jsonschema import Draft202012Validator

    validator: Any = Draft202012Validator(load_schema())
    return validator.iter_errors(tree)


def _told(root: Node, steps: Steps) -> bool:
    return any((node := child(root, *steps[:n])) is not None and node.broken for n in range(len(steps) + 1))


def _sentences(error: Any, root: Node, steps: Steps, start: Origin) -> Iterator[ConfigProblem]:
    node = nearest(root, steps)
    schema = cast("dict[str, Any]", error.schema)
    if error.validator == "additionalProperties":
        known = list(cast("dict[str, Any]", schema.get("properties", {})))
        for key, value in node.value.items() if isinstance(node.value, dict) else ():
            if key not in known:
                message = "unknown key" + unknown_key(key, known, steps)
                yield ConfigProblem(message, format_steps((*steps, key)), value.key or value.origin)
    elif error.validator == "required":
        for key in cast("list[str]", error.validator_value):
            if child(node, key) is None:
                yield _missing(key, node, schema, steps, start)
    elif error.validator == "minItems":
        yield ConfigProblem(f"is empty; expected {expected(schema)}", format_steps(steps), node.origin)
    elif isinstance(error.instance, str) and isinstance(node.value, dict) and error.instance in node.value:
        at = node.value[error.instance]
        message = f"is not a usable name; expected {expected(schema)}"
        yield ConfigProblem(message, format_steps((*steps, error.instance)), at.key or at.origin)
    else:
        yield ConfigProblem(_wrong_value(error, node, schema, steps), format_steps(steps), node.origin)


def unknown_key(key: str, known: list[str], steps: Steps) -> str:
    """What to say after "unknown key": where the key belongs, or which was meant."""
    home = HOMES.get(key)
    if home is not None and format_steps(steps) != home:
        return f"; '{key}' belongs under {home}"
    if steps == ("execution",) and key == "env_vars":
        return "; put env_vars at the top of the config, under evaluation or in a task"
    return did_you_mean(key, known)


def _missing(key: str, node: Node, schema: dict[str, Any], steps: Steps, start: Origin) -> ConfigProblem:
    wanted = cast("dict[str, Any]", schema.get("properties", {}).get(key, {}))
    own = node.key if node.key is not None and node.key.file == start.file else start
    at = node.origin if steps and isinstance(steps[-1], int) else own
    return ConfigProblem(f"is missing; expected {expected(wanted)}", format_steps((*steps, key)), at)


def _wrong_value(error: Any, node: Node, schema: dict[str, Any], steps: Steps) -> str:
    allowed = types(schema)
    if error.validator == "type" and "string" in allowed and node.raw and not isinstance(node.value, str):
        return _misread(node, node.raw, schema, steps)
    message = f"is {describe(node, steps)}; expected {expected(schema)}"
    if error.validator == "enum" and isinstance(node.value, str):
        choices = [choice for choice in error.validator_value if isinstance(choice, str)]
        suggestion = did_you_mean(node.value, choices)
        return message + (suggestion if "did you mean" in suggestion else "")
    if error.validator == "type" and isinstance(node.value, str):
        if len(steps) == 3 and steps[:2] == ("evaluation", "tasks"):
            return message + f"; did you mean '- name: {printable(node.shown or node.value)}'?"
        if node.env:
            return message + "; ${oc.decode:${oc.env:NAME}} reads a variable as YAML"
        if node.raw is None and {"number", "integer", "boolean"} & set(allowed):
            return message + "; write it without quotes"
    return message


def _misread(node: Node, raw: str, schema: dict[str, Any], steps: Steps) -> str:
    """YAML made something else of a text."""
    made = describe(node, steps)
    if raw == str(node.value) or node.value is None or made == "a number":
        return f"is {made}; expected {expected(schema)}; write it in quotes if it is text"
    return f'YAML reads {printable(raw)} as {made}; write "{printable(raw)}" in quotes if it is text'


def _odd_values(root: Node) -> Iterator[ConfigProblem]:
    for steps, node in walk(root):
        if isinstance(node.value, str) and "\0" in node.value:
            yield ConfigProblem("contains a NUL character, which is not allowed", format_steps(steps), node.origin)
        if node.raw and isinstance(node.value, (int, float)) and not node.broken and _ODD_NUMBER.fullmatch(node.raw):
            base = "in base 60" if ":" in node.raw else "in base 8"
            raw = printable(node.raw)
            message = f'YAML reads {raw} as the number {node.value}, {base}; write "{raw}" in quotes if it is text'
            yield ConfigProblem(message, format_steps(steps), node.origin)
