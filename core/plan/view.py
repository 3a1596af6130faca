"""What would run, as a value: the dry run of the command line prints it, the dashboard draws it.

All text in it is fit to show: no secret value and no control character but newlines and tabs is in any of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast

from ..base.secrets import Scrubber, hide, is_secret_name
from ..config.adapter import declared
from ..config.model import Config, OverrideChange, Tree
from ..config.node import Steps
from .commands import command_files
from .container import image_reference
from .diff import Change
from .docker_line import docker_run_line
from .environ import missing_env
from .isolation import told
from .mask import masked_override, masked_text, masked_tree, masked_value
from .sight import Past, sight
from .spec import EnvRef, JobSpec, Plan
from .takes import taken_along
from .trees import tree_lines

# A run's directory carries the time of its start, which a dry run does not have.
RUN_TIME = "YYYYMMDD_HHMMSS"

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

Fact = tuple[str, str]
"""A label and what it says."""


@dataclass(frozen=True)
class EnvRow:
    """A variable of a job: whether it has a value here, and where that comes from."""

    name: str
    state: Literal["set", "missing"]
    note: str = ""


@dataclass(frozen=True)
class Script:
    """Commands that a config runs in the container: the file's name and text."""

    name: str
    text: str


@dataclass(frozen=True)
class JobPreview:
    """One attempt of a job. `changes` are against the attempt before; `command` is the docker command, literal."""

    id: str
    task: str
    attempt: int
    facts: tuple[Fact, ...]
    changes: tuple[Change, ...]
    scripts: tuple[Script, ...]
    command: str
    env: tuple[EnvRow, ...]


@dataclass(frozen=True)
class OverrideView:
    """One override as typed, and what it changed; `steps` lead to the place in the config's tree."""

    text: str
    change: Change
    steps: Steps = ()


@dataclass(frozen=True)
class ConfigView:
    """The resolved config, and the files that it is made from."""

    tree: Tree
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConfigLine:
    """A line of the resolved config. `changed`: by an override; `leads`: it is the head of something that was."""

    text: str
    changed: bool = False
    leads: bool = False


@dataclass(frozen=True)
class PlanView:
    """A dry run. `config` is None where none was composed; `missing` keeps the plan from being run.

    `takes` is what the config takes along besides what it is for (see `takes`), `sees` what the run will be able to see
    (see `sight`).
    """

    config: ConfigView | None
    overrides: tuple[OverrideView, ...]
    run: tuple[Fact, ...]
    jobs: tuple[JobPreview, ...]
    warnings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    sees: tuple[str, ...] = ()

    def config_lines(self) -> Iterator[ConfigLine]:
        """The config's tree as YAML, and what overrides changed in it, place by place."""
        touched = [_parts(override.steps) for override in self.overrides if override.steps]
        for line in tree_lines(self.config.tree) if self.config is not None else ():
            place, opens = _parts(line.steps), _parts(line.opens)
            changed = any(place[: len(parts)] == parts for parts in touched)
            leads = bool(opens) and any(parts[: len(opens)] == opens for parts in touched)
            yield ConfigLine(line.text, changed and not line.is_head, leads)


def _parts(steps: Steps) -> Steps:
    """Steps without dotted keys: a config shows the settings of `overrides` under such, whoever wrote them how."""
    return tuple(part for step in steps for part in (step.split(".") if isinstance(step, str) else (step,)))


@dataclass(frozen=True)
class Again:
    """What is special about a job that runs again: the new attempt's number, and what is different about it."""

    attempt: int
    changes: tuple[Change, ...] = ()


_FIRST = Again(1)


def plan_view(
    config: Config | None,
    plan: Plan,
    env: Mapping[str, str],
    *,
    run_dir: str | None = None,
    again: Mapping[str, Again] | None = None,
    past: Mapping[str, Past] | None = None,
) -> PlanView:
    """The dry run of a plan.

    `env` tells which variables are set; `run_dir` is where the run will be, when that is known already; `again` tells
    of the jobs, by id, that run again; `past` of earlier jobs like those of the plan.
    """
    home = run_dir or f"{plan.output_dir}/{RUN_TIME}-{plan.invocation}"
    warnings = (*(str(problem) for problem in config.warnings), *plan.warnings) if config else plan.warnings
    shown = ConfigView(masked_tree(config.tree), tuple(map(str, config.sources))) if config else None
    view = PlanView(
        shown,
        tuple(map(_override, config.changes)) if config else (),
        _run_facts(plan, home),
        tuple(_job(job, home, env, (again or {}).get(job.id, _FIRST), plan.proxy) for job in plan.jobs),
        tuple(map(masked_text, warnings)),
        tuple(map(str, missing_env(plan, env))),
        taken_along(config, plan, env) if config else (),
        sight(plan, past or {}),
    )
    return cast(PlanView, _cleaned(view, _cleaner(plan, env)))


def with_config(view: PlanView, tree: Tree | None) -> PlanView:
    """`view` with a config that was composed earlier and is masked already (None: not kept), unless it has its own."""
    if view.config is not None or tree is None:
        return view
    return replace(view, config=ConfigView(cast(Tree, _cleaned(tree, lambda text: _CONTROL.sub("?", text)))))


def _override(change: OverrideChange) -> OverrideView:
    values = (None if value is None else masked_value(change.path, value) for value in (change.before, change.after))
    return OverrideView(masked_override(change.text, change.path), Change(change.path, *values), change.steps)


def _run_facts(plan: Plan, home: str) -> tuple[Fact, ...]:
    jobs = f"{len(plan.jobs)} job" + ("s" if len(plan.jobs) != 1 else "")
    proxy = ", through evaldock's proxy: containers get its address and a token in place of the URL and key shown below"
    return (
        ("invocation", plan.invocation),
        ("directory", home),
        ("jobs", f"{jobs}, {plan.mode}, at most {plan.workers} at once"),
        ("model", plan.model_id or "-"),
        ("endpoint", masked_text(plan.url) + (proxy if plan.proxy else "")),
    )


def _job(job: JobSpec, home: str, env: Mapping[str, str], again: Again, proxied: bool) -> JobPreview:
    facts = [
        ("task", f"{job.task} ({job.harness}, {job.endpoint_type})"),
        ("image", image_reference(job)),
        *(_proxy_facts(job) if proxied else ()),
        *(("walls", line) for line in told(job, proxied=proxied)),
        *([("try", str(again.attempt))] if again.attempt > 1 else []),
    ]
    return JobPreview(
        job.id,
        job.task,
        again.attempt,
        tuple(facts),
        again.changes,
        tuple(Script(name, masked_text(text)) for name, (text, _) in command_files(job).items()),
        hide(docker_run_line(job, home, again.attempt)),
        tuple(_env_row(ref, env) for ref in job.env),
    )


def _proxy_facts(job: JobSpec) -> Iterator[Fact]:
    asked = job.requests
    retries = f"{asked.max_retries} retries" if asked.max_retries != 1 else "1 retry"
    retries = f"{retries}, the first after {asked.retry_backoff:g} s" if asked.max_retries else "no retries"
    limit = f", at most {asked.max_concurrent} requests at once" if asked.max_concurrent else ""
    yield "proxy", f"timeout {asked.request_timeout:g} s, {retries}{limit}"
    if names := [one.name for one in declared(job.adapter)]:
        yield "via", f"{', '.join(names)}, endpoint"


def _env_row(ref: EnvRef, env: Mapping[str, str]) -> EnvRow:
    kind, source = ref.value.kind, ref.value.source
    if kind == "lit":
        return EnvRow(ref.name, "set", "" if ref.secret else f"to {source}")
    notes = [f"from {source}"] if source != ref.name else []
    notes += ["may be unset"] if kind == "runtime" else []
    return EnvRow(ref.name, "set" if env.get(source) else "missing", ", ".join(notes))


def _cleaner(plan: Plan, env: Mapping[str, str]) -> Callable[[str], str]:
    """Blanks out values that are known to be secret, wherever they may have come from (a key pasted in a URL)."""
    refs = [ref for job in plan.jobs for ref in job.env if ref.secret]
    named = [ref for ref in refs if is_secret_name(ref.name) or is_secret_name(ref.value.source)]
    secrets = Scrubber(ref.value.source if ref.value.kind == "lit" else env.get(ref.value.source) for ref in named)
    return lambda text: secrets.known(_CONTROL.sub("?", text))


def _cleaned(value: object, clean: Callable[[str], str]) -> object:
    """A copy with every text in it cleaned: of a value of this file, a tree, or a tuple of such."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): _cleaned(inner, clean) for key, inner in cast(Tree, value).items()}
    if isinstance(value, list):
        return [_cleaned(inner, clean) for inner in cast("list[object]", value)]
    if isinstance(value, tuple):
        return tuple(_cleaned(inner, clean) for inner in cast("tuple[object, ...]", value))
    if isinstance(value, (PlanView, ConfigView, OverrideView, JobPreview, Script, EnvRow, Change)):
        return replace(value, **{name: _cleaned(inner, clean) for name, inner in vars(value).items()})
    return value
