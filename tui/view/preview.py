"""What would run, as lines of spans: the sections of the dry run, with checks and the diff of overrides. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.plan.render import Section
from ...core.preflight.model import Check
from ..draw.line import Span
from ..glyphs import Glyphs

if TYPE_CHECKING:
    from ..theme import Role

SpanLine = tuple[Span, ...]

_KEY = re.compile(r"(\s*(?:- )?)([^:#\s][^:]*:)(\s.*|$)")
_OPTION = re.compile(r"(?P<option>(?<!\S)--?[a-z][a-z-]*)|(?P<end>\\$)|(?P<rest>\S+|\s+)")
_WORD = re.compile(r"(?:'[^']*'|\"(?:\\.|[^\"])*\"|\\.|[^\s'\"\\])+")
_MARKS: dict[str, Role] = {"-": "bad", "+": "ok", "~": "warn"}


@dataclass(frozen=True)
class Preview:
    """What is looked at: a whole run or a rerun. `jobs` are (id, task, new attempt), in the order of the sections."""

    name: str
    jobs: tuple[tuple[str, str, int], ...]
    sections: tuple[Section, ...]

    def section(self, title: str) -> tuple[str, ...]:
        """The lines of a section, empty when there is none."""
        return next((section.lines for section in self.sections if section.title == title), ())

    def command(self, job: str) -> str:
        """The docker command of a job, literal."""
        blocks = _blocks(self.section(f"job {job}"))
        return "\n".join(blocks[1]) if len(blocks) > 1 else ""

    @property
    def overrides(self) -> int:
        """How many overrides there are."""
        return sum(line.startswith("-o ") for line in self.section("overrides"))


def failing(checks: Sequence[Check]) -> int:
    """How many checks speak against it."""
    return sum(check.state == "fail" for check in checks)


def headline(preview: Preview, place: int, checks: Sequence[Check], *, checking: bool) -> list[Span]:
    """The header's sentence."""
    _, task, attempt = preview.jobs[place]
    one = len(preview.jobs) == 1
    spans = [Span(task if one else preview.name, "bright", bold=True), Span(" would run ", "dim")]
    if one and attempt > 1:
        spans += [Span("as attempt ", "dim"), Span(str(attempt), "text")]
    else:
        spans += [Span(str(len(preview.jobs)), "text"), Span(" tasks" if not one else " task", "dim")]
    if number := preview.overrides:
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
    lines: list[SpanLine] = [_heading("Checks", "looking" if checking and not checks else told)]
    for check in checks:
        sign, role = signs[check.state]
        text_role: Role = "dim" if check.state in ("ok", "skipped") else role
        start = (Span(f"{sign} ", role, bold=True), Span(check.name.ljust(12), "text"))
        lines += _hanging(start, check.text, text_role, 14, width)
        if check.remedy and check.state in ("fail", "warn"):
            lines += _hanging((Span(" " * 14),), check.remedy, "text", 14, width)
    return lines


def override_lines(preview: Preview, job: str) -> list[SpanLine]:
    """What differs from the config's files, or from the attempt before: `-` before, `+` after."""
    lines: list[SpanLine] = []
    if written := preview.section("overrides"):
        lines.append(_heading("Overrides", "on top of the config's files"))
        lines += [_marked(line) for line in written]
    changes = [line for line in _blocks(preview.section(f"job {job}"))[0] if _is_change(line)]
    if changes:
        lines += [(), _heading("Changed", "against the attempt before")] if lines else [_heading("Changed", "")]
        lines += [_marked(line.removeprefix("change ")) for line in changes]
    return lines


def blocks_of(preview: Preview, job: str) -> list[list[str]]:
    """A job's section in its parts: facts, the docker command, the environment."""
    return _blocks(preview.section(f"job {job}"))


def shell_lines(command: str, width: int) -> list[SpanLine]:
    """A shell command, its options dim and its values bright, continued as a shell would read it."""
    return [tuple(_shell(line)) for line in continued(command, width)]


def command_lines(preview: Preview, job: str, key: str, width: int) -> list[SpanLine]:
    """The docker command, its options dim and its values bright, continued as a shell would read it."""
    lines: list[SpanLine] = [_heading("Docker command", f"{key} copies it, secrets by name only")]
    lines += shell_lines(preview.command(job), width)
    blocks = blocks_of(preview, job)
    facts = [line for line in blocks[0] if not _is_change(line)] if blocks else []
    env = blocks[2] if len(blocks) > 2 else ()
    lines += [(), _heading("Task", "")] + [_fact(line) for line in facts]
    lines += [(), _heading("Environment", "names only")] + [_environment(line) for line in env]
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


def config_lines(preview: Preview, *, changes_only: bool, key: str, width: int) -> list[SpanLine]:
    """The resolved config, keys dim and values bright; or only the lines that an override touched."""
    touched = {line.split(":")[0].strip(" +-").rpartition(".")[2] for line in preview.section("overrides")}
    note = f"{key} shows all of it" if changes_only else f"{key} shows changes only"
    lines: list[SpanLine] = [_heading("Resolved config", note)]
    for line in preview.section("config"):
        named = line.strip().removeprefix("- ").partition(":")[0]
        changed = bool(named) and named.rpartition(".")[2] in touched
        if changes_only and not changed:
            continue
        lines.append((Span("~ " if changed else "  ", "warn", bold=True), *_yaml(line, bold=changed)))
    for title in ("warnings", "missing"):
        if found := preview.section(title):
            role: Role = "warn" if title == "warnings" else "bad"
            lines += [(), _heading(title.capitalize(), "")]
            lines += [one for line in found for one in _hanging((Span("- ", role),), line[2:], role, 2, width)]
    return lines


def yaml_lines(lines: Sequence[str]) -> list[SpanLine]:
    """YAML, its keys dim and its values bright."""
    return [tuple(_yaml(line, bold=False)) for line in lines]


def _heading(text: str, note: str) -> SpanLine:
    return (Span(text, "bright", bold=True), Span(f"  {note}" if note else "", "dim"))


def _blocks(lines: Sequence[str]) -> list[list[str]]:
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line:
            blocks[-1].append(line)
        else:
            blocks.append([])
    return blocks


def _is_change(line: str) -> bool:
    return line.startswith(("change ", "  - ", "  + "))


def _marked(line: str) -> SpanLine:
    mark = line.strip()[:1]
    role = _MARKS.get(mark) if line.startswith("  ") else None
    if role is None:
        return (Span(line, "text"),)
    return (Span(f"  {mark} ", role, bold=True), Span(line.strip()[1:].strip(), "text"))


def _shell(line: str) -> list[Span]:
    spans: list[Span] = []
    for match in _OPTION.finditer(line):
        role: Role = "text" if match.lastgroup == "rest" else "dim"
        spans.append(Span(match[0], role))
    return spans


def _fact(line: str) -> SpanLine:
    name, _, rest = line.partition(" ")
    return (Span(name.ljust(7), "dim"), Span(rest.strip(), "text"))


def _environment(line: str) -> SpanLine:
    parts = re.split(r"\s{2,}", line.removeprefix("env").strip(), maxsplit=2)
    name, state, note = (*parts, "", "")[:3]
    role: Role = "bad" if state == "missing" else "dim"
    return (Span(f"{name}  ", "text"), Span(state, role), Span(f"  {note}" if note else "", "dim"))


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
