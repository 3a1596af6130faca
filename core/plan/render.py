"""What `--dry-run` shows of a plan, and what is missing to run it. No secret value is in any of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import indent

from ..base.secrets import Scrubber, hide, is_secret_name
from ..config.adapter import declared
from ..config.model import Config, ConfigProblem, Tree
from .commands import command_files, untrusted
from .container import image_reference
from .diff import Change
from .docker_line import docker_run_line as docker_run_line  # re-exported: one place to ask for renderings
from .mask import masked_override, masked_text, masked_tree, masked_value
from .spec import EnvRef, JobSpec, Plan
from .trees import yaml_text

# A run's directory carries the time of its start, which a dry run does not have.
RUN_TIME = "YYYYMMDD_HHMMSS"

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Again:
    """What is special about a job that runs again: the new attempt's number, and what is different about it."""

    attempt: int
    changes: tuple[Change, ...] = ()


_FIRST = Again(1)


@dataclass(frozen=True)
class Section:
    """A part of what would run. `title` is config, overrides, run, `job <id>`, warnings or missing; `lines` are masked.

    The lines of a job are in blocks with a blank line between: what it is, the docker command, the environment.
    """

    title: str
    lines: tuple[str, ...]


def render_plan(
    config: Config | None,
    plan: Plan,
    env: Mapping[str, str],
    *,
    run_dir: str | None = None,
    again: Mapping[str, Again] | None = None,
) -> str:
    """`plan_sections` as plain text, ending in a newline."""
    sections = plan_sections(config, plan, env, run_dir=run_dir, again=again)
    indented = ([section.title, *(f"  {line}".rstrip() for line in section.lines), ""] for section in sections)
    return "\n".join("\n".join(lines) for lines in indented)


def plan_sections(
    config: Config | None,
    plan: Plan,
    env: Mapping[str, str],
    *,
    run_dir: str | None = None,
    again: Mapping[str, Again] | None = None,
) -> tuple[Section, ...]:
    """Config, overrides, run, jobs, warnings and what is missing; no secret value and no control character is in it.

    `env` tells which variables are set; `run_dir` is where the run will be, when that is known already; `again` tells
    of the jobs, by id, that run again. Without `config` the run comes first.
    """
    home = run_dir or f"{plan.output_dir}/{RUN_TIME}-{plan.invocation}"
    sections = [_config(config)] if config else []
    if config and config.changes:
        sections.append(_overrides(config))
    sections.append(_run(plan, home))
    sections += [_job(job, home, env, (again or {}).get(job.id, _FIRST), plan.proxy) for job in plan.jobs]
    if warnings := [*(str(w) for w in (config.warnings if config else ())), *plan.warnings]:
        sections.append(_section("warnings", [f"- {masked_text(text)}" for text in warnings]))
    if problems := missing_env(plan, env):
        sections.append(_section("missing", [f"- {problem}" for problem in problems]))
    clean = _cleaner(plan, env)
    return tuple(Section(section.title, tuple(clean(line) for line in section.lines)) for section in sections)


def missing_env(plan: Plan, env: Mapping[str, str]) -> list[ConfigProblem]:
    """One problem for each variable of the host that jobs need and that is unset or empty.

    The variable that agrees to a config's own commands is one of them.
    """
    wanted: dict[str, list[str]] = {}
    for job in plan.jobs:
        for ref in job.env:
            if ref.value.kind == "host" and not env.get(ref.value.source):
                renamed = f" (as {ref.name})" if ref.name != ref.value.source else ""
                wanted.setdefault(ref.value.source, []).append(job.task + renamed)
    missing = [ConfigProblem(_missing(name, list(dict.fromkeys(tasks))), "env_vars") for name, tasks in wanted.items()]
    return missing + untrusted(plan, env)


def _missing(name: str, tasks: Sequence[str]) -> str:
    more = f" and {len(tasks) - 3} more" if len(tasks) > 3 else ""
    noun = "task" if len(tasks) == 1 else "tasks"
    verb = "needs" if len(tasks) == 1 else "need"
    return (
        f"the environment variable {name} is not set or empty; {noun} {', '.join(tasks[:3])}{more} {verb} it. "
        f"Set it (export {name}=...) or name another variable under env_vars"
    )


def _config(config: Config) -> Section:
    return _section("config", [*(f"# from {path}" for path in config.sources), *_yaml(masked_tree(config.tree))])


def _overrides(config: Config) -> Section:
    lines: list[str] = []
    for change in config.changes:
        lines.append(f"-o {masked_override(change.text, change.path)}")
        for sign, value in (("-", change.before), ("+", change.after)):
            if value is not None:
                lines.append(f"  {sign} {change.path}: {_inline(masked_value(change.path, value))}")
    return _section("overrides", lines)


def _run(plan: Plan, home: str) -> Section:
    jobs = f"{len(plan.jobs)} job" + ("s" if len(plan.jobs) != 1 else "")
    return _section(
        "run",
        [
            f"invocation  {plan.invocation}",
            f"directory   {home}",
            f"jobs        {jobs}, {plan.mode}, at most {plan.workers} at once",
            f"model       {plan.model_id or '-'}",
            f"endpoint    {masked_text(plan.url)}{_by_proxy(plan)}",
        ],
    )


def _job(job: JobSpec, home: str, env: Mapping[str, str], again: Again, proxied: bool) -> Section:
    lines = [
        f"task   {job.task} ({job.harness}, {job.endpoint_type})",
        f"image  {image_reference(job)}",
        *(_proxy_lines(job) if proxied else ()),
        *([f"try    {again.attempt}"] if again.attempt > 1 else []),
        *_changes(again.changes),
        *(f"runs   {name}:\n{indent(masked_text(text), '  ')}" for name, (text, _) in command_files(job).items()),
        "",
        hide(docker_run_line(job, home, again.attempt)),
        "",
        *_table(_env_row(ref, env) for ref in job.env),
    ]
    return _section(f"job {job.id}", lines)


def _proxy_lines(job: JobSpec) -> Iterator[str]:
    asked = job.requests
    retries = f"{asked.max_retries} retries" if asked.max_retries != 1 else "1 retry"
    retries = f"{retries}, the first after {asked.retry_backoff:g} s" if asked.max_retries else "no retries"
    limit = f", at most {asked.max_concurrent} requests at once" if asked.max_concurrent else ""
    yield f"proxy  timeout {asked.request_timeout:g} s, {retries}{limit}"
    if names := [one.name for one in declared(job.adapter)]:
        yield f"via    {', '.join(names)}, endpoint"


def _changes(changes: Iterable[Change]) -> Iterator[str]:
    for change in changes:
        yield f"change {change.path}"
        for sign, value in (("-", change.before), ("+", change.after)):
            if value is not None:
                yield f"  {sign} {_inline(value)}"


def _env_row(ref: EnvRef, env: Mapping[str, str]) -> tuple[str, str, str]:
    kind, source = ref.value.kind, ref.value.source
    if kind == "lit":
        return ref.name, "set", "" if ref.secret else f"to {source}"
    state = "set" if env.get(source) else "missing"
    notes = [f"from {source}"] if source != ref.name else []
    notes += ["may be unset"] if kind == "runtime" else []
    return ref.name, state, ", ".join(notes)


def _table(rows: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    cells = list(rows)
    width = max((len(name) for name, _, _ in cells), default=0)
    for name, state, note in cells:
        yield f"env  {name:<{width}}  {state:<7}  {note}".rstrip()


def _section(title: str, lines: Iterable[str]) -> Section:
    return Section(title, tuple(line.rstrip() for text in lines for line in text.splitlines() or [""]))


def _yaml(tree: Tree) -> list[str]:
    return yaml_text(tree, width=1000).splitlines()


def _inline(value: object) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _cleaner(plan: Plan, env: Mapping[str, str]) -> Callable[[str], str]:
    """Blanks out values that are known to be secret, wherever they may have come from (a key pasted in a URL)."""
    refs = {ref.value.source: ref for job in plan.jobs for ref in job.env if ref.secret}
    values = (
        ref.value.source if ref.value.kind == "lit" else env.get(source, "")
        for source, ref in refs.items()
        if is_secret_name(ref.name) or is_secret_name(source)
    )
    secrets = Scrubber(values)

    def clean(text: str) -> str:
        return secrets.known(_CONTROL.sub("?", text))

    return clean


def _by_proxy(plan: Plan) -> str:
    if not plan.proxy:
        return ""
    return ", through evaldock's proxy: containers get its address and a token in place of the URL and key shown below"
