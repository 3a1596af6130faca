"""Overrides of a rerun, written short: `temperature=0.2` for one parameter of the tasks that run again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from ..config.model import ConfigError, ConfigProblem
from ..config.overrides import parse_override
from ..config.schema import load_schema
from ..config.suggest import did_you_mean
from ..plan.spec import JobSpec
from ..run.amendment import masked
from ..run.config_text import config_tree
from ..run.store import Run

_NAME = re.compile(r"[\w-]+")


def written_out(run: Run, jobs: Sequence[str], overrides: Sequence[str]) -> tuple[str, ...]:
    """`overrides` with each short one as those of the tasks of `jobs`, by their full path; others as they are.

    Short are `temperature=0.2`, `params.temperature=0.2` and `config.params.temperature=0.2`. Raises ConfigError for
    what begins with neither a parameter nor a section of the config.
    """
    specs = [run.job(job) for job in jobs]
    schema = load_schema()
    # What a harness has besides those of the schema is known from the tasks themselves.
    known = frozenset(schema["$defs"]["params"]["properties"]).union(*(params_of(spec) for spec in specs))
    places = sorted({spec.index if spec.position < 0 else spec.position for spec in specs})
    sections = frozenset(schema["properties"]) | frozenset(config_tree(run) or ())
    full: list[str] = []
    for text in overrides:
        path = _path(text, known)
        first = parse_override(text).parts[0]
        if not path and first not in sections:
            message = f"is neither a parameter of the task nor a section of the config{did_you_mean(first, known)}"
            raise ConfigError([ConfigProblem(message, first)])
        full += [f"++evaluation.tasks.{place}.overrides.{path}" for place in places] if path else [text]
    return tuple(full)


def params_of(spec: JobSpec) -> Mapping[str, object]:
    """The parameters that a job runs by: `config.params` of its run configuration."""
    config = spec.run_config.get("config")
    params = cast("dict[str, object]", config).get("params") if isinstance(config, dict) else None
    return cast("dict[str, object]", params) if isinstance(params, dict) else {}


def present_params(run: Run, jobs: Sequence[str]) -> tuple[str, ...]:
    """What `jobs` run by now as short overrides, by name; what differs between them, or may not be shown, is left out.

    Blocks: it reads the run's files. Raises RunDamaged.
    """
    found = [set(_lines(params_of(run.job(job)), "")) for job in jobs]
    same = set[str].intersection(*found) if found else set[str]()
    return tuple(sorted(line for line in same if masked([line]) == (line,)))


def _lines(params: Mapping[str, object], before: str) -> Iterator[str]:
    for name, value in params.items():
        if isinstance(value, dict) and value:
            yield from _lines(cast("dict[str, object]", value), f"{before}{name}.")
        elif _NAME.fullmatch(name):
            yield f"{before}{name}={_written(cast(object, value))}"


def _written(value: object) -> str:
    """A value as an override has it: text as it is where it stays text."""
    if isinstance(value, str):
        try:
            read = parse_override(f"x={value}").value
        except ConfigError:
            read = None
        if read is not None and read.value == value and value.isprintable() and value == value.strip():
            return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _path(text: str, known: frozenset[str]) -> str:
    """`config.params.temperature=0.2` for a short override, "" for any other."""
    key, equals, _value = text.lstrip("+").partition("=")
    if not equals or text.startswith("~"):
        return ""
    first, _, rest = key.strip().partition(".")
    written = text.lstrip("+").strip()
    if first == "config" and rest:
        return written
    if first == "params" and rest:
        return f"config.{written}"
    return f"config.params.{written}" if first in known else ""
