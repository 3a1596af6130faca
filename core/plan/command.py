"""The argv that a container runs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from ..base.errors import EvaldockError
from .spec import RUN_CONFIG_PATH

NEMO_COMMAND = ("nemo-evaluator", "run_eval", "--run_config", RUN_CONFIG_PATH)

# Older images have the program under its first name only. `$1` is the program, whose name it may replace.
FIRST_NAME = (
    'command -v "$1" >/dev/null 2>&1 || ! command -v eval-factory >/dev/null 2>&1'
    ' || { shift; set -- eval-factory "$@"; }'
)

_FIELD = re.compile(r"\{\{|\}\}|\{(params\.[A-Za-z0-9_.-]+|[a-z_]+)\}")


class TemplateError(EvaldockError):
    """A command template that names something there is not; the message names it."""


def fill(template: Sequence[str], values: Mapping[str, str], params: Mapping[str, object]) -> tuple[str, ...]:
    """Substitute `{name}` from `values` and `{params.NAME}` from `params`; `{{` and `}}` stand for braces.

    Every part stays one part, whatever is put into it. Raises TemplateError.
    """
    return tuple(_FIELD.sub(lambda m: _value(m, values, params), part) for part in template)


def _value(match: re.Match[str], values: Mapping[str, str], params: Mapping[str, object]) -> str:
    field = match.group(1)
    if field is None:
        return match.group(0)[0]
    if field in values:
        return values[field]
    head, _, name = field.partition(".")
    if head != "params":
        known = ", ".join(f"{{{key}}}" for key in values)
        raise TemplateError(f"the task's command names {{{field}}}; known are {known} and {{params.NAME}}")
    if params.get(name) is None:
        raise TemplateError(
            f"the task's command needs the parameter {name}: set nemo_evaluator_config.config.params.{name}"
        )
    return _text(params[name])


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
