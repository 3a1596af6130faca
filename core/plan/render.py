"""The dry run as the command line prints it. No secret value is in any of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..config.model import Config
from .diff import Change
from .docker_line import docker_run_line as docker_run_line  # re-exported: one place to ask for renderings
from .sight import Past
from .spec import Plan
from .trees import yaml_text
from .view import Again, ConfigView, EnvRow, Fact, JobPreview, OverrideView, PlanView, plan_view


def render_plan(
    config: Config | None,
    plan: Plan,
    env: Mapping[str, str],
    *,
    run_dir: str | None = None,
    again: Mapping[str, Again] | None = None,
    past: Mapping[str, Past] | None = None,
) -> str:
    """`plan_view` as plain text, ending in a newline."""
    return render_view(plan_view(config, plan, env, run_dir=run_dir, again=again, past=past))


def render_view(view: PlanView) -> str:
    """A dry run as plain text in sections, ending in a newline."""
    sections: list[tuple[str, Iterable[str]]] = []
    if view.config is not None:
        sections.append(("config", _config(view.config)))
    if view.overrides:
        sections.append(("overrides", _overrides(view.overrides)))
    sections.append(("run", _facts(view.run, 12)))
    if view.sees:
        sections.append(("sees", view.sees))
    sections += [(f"job {job.id}", _job(job)) for job in view.jobs]
    sections += [
        (title, (f"- {text}" for text in texts))
        for title, texts in (("takes along", view.takes), ("warnings", view.warnings), ("missing", view.missing))
        if texts
    ]
    return "\n".join(f"{title}\n{''.join(_indented(lines))}" for title, lines in sections)


def value_text(value: object) -> str:
    """A value of a change on one line."""
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _indented(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for line in text.splitlines() or [""]:
            yield f"  {line}".rstrip() + "\n"


def _config(config: ConfigView) -> Iterator[str]:
    yield from (f"# from {path}" for path in config.sources)
    yield yaml_text(config.tree, width=1000)


def _overrides(overrides: Iterable[OverrideView]) -> Iterator[str]:
    for override in overrides:
        yield f"-o {override.text}"
        yield from (f"  {sign} {override.change.path}: {text}" for sign, text in _values(override.change))


def _job(job: JobPreview) -> Iterator[str]:
    yield from _facts(job.facts, 7)
    for change in job.changes:
        yield f"change {change.path}"
        yield from (f"  {sign} {text}" for sign, text in _values(change))
    for script in job.scripts:
        yield f"{'runs':<7}{script.name}:"
        yield from (f"  {line}" for line in script.text.splitlines())
    yield from ("", job.command, "")
    yield from _table(job.env)


def _values(change: Change) -> Iterator[tuple[str, str]]:
    return ((sign, value_text(v)) for sign, v in (("-", change.before), ("+", change.after)) if v is not None)


def _facts(facts: Iterable[Fact], width: int) -> Iterator[str]:
    return (f"{label:<{width}}{text}" for label, text in facts)


def _table(rows: Iterable[EnvRow]) -> Iterator[str]:
    cells = list(rows)
    width = max((len(row.name) for row in cells), default=0)
    return (f"env  {row.name:<{width}}  {row.state:<7}  {row.note}".rstrip() for row in cells)
