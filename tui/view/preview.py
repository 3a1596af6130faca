"""What would run, as lines of spans: the sections of the dry run, with checks and the diff of overrides. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.plan.diff import Change
from ...core.plan.render import value_text
from ...core.plan.view import EnvRow, Fact, JobPreview, PlanView, Script
from ...core.preflight.model import Check
from ..draw.line import Span
from ..glyphs import Glyphs

if TYPE_CHECKING:
    from ..theme import Role

SpanLine = tuple[Span, ...]

_KEY = re.compile(r"(\s*(?:- )?)([^:#\s][^:]*:)(\s.*|$)")
_OPTION = re.compile(r"(?P<option>(?<!\S)--?[a-z][a-z-]*)|(?P<end>\\$)|(?P<rest>\S+|\s+)")
_WORD = re.compile(r"(?:'[^']*'|\"(?:\\.|[^\"])*\"|\\.|[^\s'\"\\])+")


@dataclass(frozen=True)
class Preview:
    """What is looked at: a whole run or a rerun, under the name of its config."""

    name: str
    plan: PlanView

    @property
    def jobs(self) -> tuple[JobPreview, ...]:
        """The attempts that would be made."""
        return self.plan.jobs


def failing(checks: Sequence[Check]) -> int:
    """How many checks speak against it."""
    return sum(check.state == "fail" for check in checks)


def headline(preview: Preview, place: int, checks: Sequence[Check], *, checking: bool) -> list[Span]:
    """The header's sentence."""
    job = preview.jobs[place]
    one = len(preview.jobs) == 1
    spans = [Span(job.task if one else preview.name, "bright", bold=True), Span(" would run ", "dim")]
    if one and job.attempt > 1:
        spans += [Span("as attempt ", "dim"), Span(str(job.attempt), "text")]
    else:
        spans += [Span(str(len(preview.jobs)), "text"), Span(" tasks" if not one else " task", "dim")]
    if number := len(preview.plan.overrides):
        spans += [Span(" with ", "dim"), Span(str(number), "text"), Span(f" override{'s' * (number > 1)}", "dim")]
    if bad := failing(checks):
        spans += [Span(", but ", "dim"), Span(f"{bad} {'check fails' if bad == 1 else 'checks fail'}", "bad")]
    elif checking:
        spans.append(Span(", checking", "dim"))
    return spans


def check_lines(checks: Sequence[Check], glyphs: Glyphs, width: int, *, checking: bool) -> list[SpanLine]:
    """One line a check; what failed has its remedy below it."""
    signs: dict[str, tuple[str, Role]] = {
        "ok": (glyphs.succeeded, "ok"),
        "warn": (glyphs.invalid, "warn"),
        "fail": (glyphs.failed, "bad"),
        "skipped": (glyphs.skipped, "dim"),
    }
    passed, bad = sum(check.state == "ok" for check in checks), failing(checks)
    told = f"{passed} pass" + (f", {bad} {'blocks' if bad == 1 else 'block'}" if bad else "")
    lines: list[SpanLine] = [heading("Checks", "looking" if checking and not checks else told)]
    for check in checks:
        sign, role = signs[check.state]
        text_role: Role = "dim" if check.state in ("ok", "skipped") else role
        start = (Span(f"{sign} ", role, bold=True), Span(check.name.ljust(12), "text"))
        lines += _hanging(start, check.text, text_role, 14, width)
        if check.remedy and check.state in ("fail", "warn"):
            lines += _hanging((Span(" " * 14),), check.remedy, "text", 14, width)
    return lines


def send_lines(phrases: Sequence[str], key: str, width: int) -> list[SpanLine]:
    """What a key would send, and where; nothing when there is nothing."""
    if not phrases:
        return []
    lines: list[SpanLine] = [(Span("Nothing was sent or started yet.", "text"), Span(f" {key} will", "dim"))]
    for phrase in phrases:
        lines += _hanging((Span("- ", "dim"),), phrase, "text", 2, width)
    return lines


def sight_lines(plan: PlanView, width: int) -> list[SpanLine]:
    """What the run will be able to see; nothing where nothing is known."""
    if not plan.sees:
        return []
    lines: list[SpanLine] = [heading("Will see", "")]
    for text in plan.sees:
        lines += _hanging((Span("- ", "dim"),), text, "text", 2, width)
    return lines


def override_lines(plan: PlanView, job: JobPreview) -> list[SpanLine]:
    """What differs from the config's files, or from the attempt before: `-` before, `+` after."""
    lines: list[SpanLine] = []
    if plan.overrides:
        lines.append(heading("Overrides", "on top of the config's files"))
        for override in plan.overrides:
            lines.append((Span(f"-o {override.text}", "text"),))
            lines += _values(override.change, f"{override.change.path}: ")
    if job.changes:
        lines += [(), heading("Changed", "against the attempt before")] if lines else [heading("Changed", "")]
        for change in job.changes:
            lines.append((Span(change.path, "text"),))
            lines += _values(change, "")
    return lines


def _values(change: Change, label: str) -> Iterator[SpanLine]:
    if change.before is not None:
        yield (Span("  - ", "bad", bold=True), Span(f"{label}{value_text(change.before)}", "text"))
    if change.after is not None:
        yield (Span("  + ", "ok", bold=True), Span(f"{label}{value_text(change.after)}", "text"))


def shell_lines(command: str, width: int) -> list[SpanLine]:
    """A shell command, its options dim and its values bright, continued as a shell would read it."""
    return [tuple(_shell(line)) for line in continued(command, width)]


def command_lines(job: JobPreview, key: str, width: int) -> list[SpanLine]:
    """The docker command, its options dim and its values bright, continued as a shell would read it."""
    lines: list[SpanLine] = [heading("Docker command", f"{key} copies it, secrets by name only")]
    lines += shell_lines(job.command, width)
    lines += [(), heading("Task", ""), *fact_lines(job.facts, 7), *script_lines(job.scripts)]
    return [*lines, (), *env_lines(job.env)]


def fact_lines(facts: Iterable[Fact], width: int) -> Iterator[SpanLine]:
    """A line a fact, its label in so many cells."""
    return ((Span(label.ljust(width), "dim"), Span(text, "text")) for label, text in facts)


def script_lines(scripts: Iterable[Script]) -> Iterator[SpanLine]:
    """The commands of the config's own, each below the name of its file."""
    for script in scripts:
        yield ()
        yield heading(script.name, "run in the container")
        yield from ((Span(f"  {line}", "text"),) for line in script.text.splitlines())


def env_lines(rows: Sequence[EnvRow]) -> list[SpanLine]:
    """The variables of a job, by name."""
    if not rows:
        return [heading("Environment", "none")]
    missing = sum(row.state == "missing" for row in rows)
    width = max(len(row.name) for row in rows)
    lines = [heading("Environment", f"names only, {missing} missing here" if missing else "names only")]
    for row in rows:
        bad = row.state == "missing"
        spans = (Span(f"{row.name:<{width}}  ", "text"), Span(f"{row.state:<7}", "bad" if bad else "dim", bold=bad))
        lines.append((*spans, Span(f"  {row.note}", "dim")) if row.note else spans)
    return lines


def continued(command: str, width: int) -> list[str]:
    """A shell command in lines of about `width`, ending in backslashes; an option keeps its value, quotes are whole."""
    groups: list[str] = []
    for word in _WORD.findall(command):
        lone = bool(groups) and groups[-1].startswith("-") and " " not in groups[-1]
        if lone and not word.startswith("-"):
            groups[-1] += f" {word}"
        else:
            groups.append(word)
    lines: list[str] = []
    line = ""
    for group in groups:
        if line and len(line) + len(group) + 3 > width:
            lines.append(f"{line} \\")
            line = f"    {group}"
        else:
            line = f"{line} {group}" if line else group
    return [*lines, line] if line else lines


def config_lines(plan: PlanView, *, changes_only: bool, key: str, width: int) -> list[SpanLine]:
    """The resolved config, keys dim and values bright; or only what overrides touched, and where that is."""
    note = f"{key} shows all of it" if changes_only else f"{key} shows changes only"
    lines: list[SpanLine] = [heading("Resolved config", note)]
    if plan.config is not None and not changes_only:
        lines += [(Span("  "), Span(f"# from {source}", "dim")) for source in plan.config.sources]
    for line in plan.config_lines():
        if not changes_only or line.changed or line.leads:
            mark = Span("~ " if line.changed else "  ", "warn", bold=True)
            lines.append((mark, *_yaml(line.text, bold=line.changed)))
    parts: tuple[tuple[str, tuple[str, ...], Role], ...]
    parts = (
        ("Takes along", plan.takes, "warn"),
        ("Warnings", plan.warnings, "warn"),
        ("Missing", plan.missing, "bad"),
    )
    for title, found, role in parts:
        if found:
            lines += [(), heading(title, "")]
            lines += [one for text in found for one in _hanging((Span("- ", role),), text, role, 2, width)]
    return lines


def yaml_lines(lines: Sequence[str]) -> list[SpanLine]:
    """YAML, its keys dim and its values bright."""
    return [tuple(_yaml(line, bold=False)) for line in lines]


def heading(text: str, note: str) -> SpanLine:
    """What a part is, and a word about it."""
    return (Span(text, "bright", bold=True), Span(f"  {note}" if note else "", "dim"))


def _shell(line: str) -> list[Span]:
    spans: list[Span] = []
    for match in _OPTION.finditer(line):
        role: Role = "text" if match.lastgroup == "rest" else "dim"
        spans.append(Span(match[0], role))
    return spans


def _yaml(line: str, *, bold: bool) -> list[Span]:
    if line.startswith("#"):
        return [Span(line, "dim")]
    match = _KEY.fullmatch(line)
    if match is None:
        return [Span(line, "text")]
    return [Span(match[1] + match[2], "dim"), Span(match[3], "bright" if bold else "text", bold)]


def _hanging(start: SpanLine, text: str, role: Role, indent: int, width: int) -> list[SpanLine]:
    import textwrap

    pieces = textwrap.wrap(text, max(20, width - indent)) or [""]
    first = (*start, Span(pieces[0], role))
    return [first, *((Span(" " * indent + piece, role),) for piece in pieces[1:])]
