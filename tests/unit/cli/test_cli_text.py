"""Figures, styles, tables, env files and completion."""

from __future__ import annotations

import io
import os
from pathlib import Path

import click
import pytest
from evaldock.core.catalog.model import TaskSpec
from evaldock.tui.cli import dotenv, ls_tasks
from evaldock.tui.cli.complete import IdType, TaskType
from evaldock.tui.cli.errors import UsageProblem
from evaldock.tui.cli.style import Style, style_of
from evaldock.tui.cli.table import Cell, Column, render
from evaldock.tui.draw.cells import cell_len

from .conftest import Machine


class _Terminal(io.TextIOWrapper):
    def __init__(self, encoding: str, *, tty: bool = True) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


def test_style_follows_the_terminal() -> None:
    assert style_of(_Terminal("utf-8"), {"TERM": "xterm"}).colour
    assert not style_of(_Terminal("utf-8"), {"TERM": "xterm", "NO_COLOR": "1"}).colour
    assert style_of(_Terminal("utf-8"), {"TERM": "xterm", "NO_COLOR": ""}).colour
    dumb = style_of(_Terminal("utf-8"), {"TERM": "dumb"})
    assert (dumb.colour, dumb.live) == (False, False)
    pipe = style_of(_Terminal("utf-8", tty=False), {"TERM": "xterm"})
    assert (pipe.colour, pipe.live, pipe.width) == (False, False, None)
    assert style_of(_Terminal("ascii"), {}).ascii
    assert style_of(_Terminal("utf-8"), {"LANG": "ja_JP.UTF-8"}).ascii
    assert not style_of(_Terminal("utf-8"), {"LANG": "de_DE.UTF-8"}).ascii


def test_failed_is_the_only_bold_state() -> None:
    style = Style(colour=True)
    bold = [s for s in ("queued", "running", "succeeded", "failed", "killed") if "\x1b[1" in style.paint("x", s)]
    assert bold == ["failed"]


_COLUMNS = (Column("A"), Column("NAME", least=8), Column("N", right=True, give_up=1), Column("EMPTY"))
_ROWS = [[Cell("1"), Cell("a-very-long-name-of-a-task"), Cell("7"), Cell("")]]


def test_table_without_a_terminal_is_never_cut() -> None:
    assert render(_COLUMNS, _ROWS, Style()) == [
        "A  NAME                        N",
        "1  a-very-long-name-of-a-task  7",
    ]


@pytest.mark.parametrize("width", [60, 25, 16, 8])
def test_table_fits_the_terminal_while_it_can(width: int) -> None:
    lines = render(_COLUMNS, _ROWS, Style(width=width))
    assert all(len(line) <= max(width, 11) for line in lines)


def test_wide_characters_keep_the_columns() -> None:
    """A character of two cells takes the room of two, whether the text is cut or not."""
    rows = [[Cell("1"), Cell("中文常识问答"), Cell("7"), Cell("")], [Cell("2"), Cell("gsm8k"), Cell("8"), Cell("")]]
    assert render(_COLUMNS, rows, Style()) == ["A  NAME          N", "1  中文常识问答  7", "2  gsm8k         8"]
    assert render(_COLUMNS, rows, Style(width=14)) == ["A  NAME      N", "1  中文…答   7", "2  gsm8k     8"]
    assert all(cell_len(line) <= 14 for line in render(_COLUMNS, rows, Style(width=14, ascii=True)))


def test_a_list_of_tasks_with_wide_names_keeps_its_columns() -> None:
    tasks = [
        TaskSpec(name, "h", "i", description=about)
        for name, about in (("中文常识", "问" * 90), ("gsm8k", "grade school"), ("👍", ""))
    ]
    rows = list(ls_tasks._rows(tasks, Style(width=60), title=None))
    assert len({cell_len(row.partition("chat")[0]) for row in rows}) == 1
    assert all(cell_len(row) <= 60 for row in rows)


def test_env_file(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(
        "\ufeff# comment\n\nexport A=1\nB = two words # not this\nC='sin#gle'\nD=\"a\\nb\" # no\nE=\nF=x#y\r\n"
    )
    assert dotenv.read_env_file(path) == {
        "A": "1",
        "B": "two words",
        "C": "sin#gle",
        "D": "a\nb",
        "E": "",
        "F": "x#y",
    }
    assert dotenv.merged({"A": "mine"}, [path])["A"] == "mine"


def test_a_quoted_value_of_several_lines(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    key = "-----BEGIN KEY-----\nMIIE+/=\n\n# not a comment\n-----END KEY-----"
    path.write_text(f"A=1\nPEM=\"{key}\"\nONCE='{key}'\nB=$A${{A}}\n")
    assert dotenv.read_env_file(path) == {"A": "1", "PEM": key, "ONCE": key, "B": "$A${A}"}
    path.write_text('A=1\n\n\n# c\n\nB="open\nC=secret-value\n')
    with pytest.raises(UsageProblem, match=r"\.env:6: expected NAME=value; a quoted value ends"):
        dotenv.read_env_file(path)


@pytest.mark.parametrize("line", ["secret-value", "1A=secret-value", 'A="secret-value'])
def test_a_bad_env_file_is_told_without_its_values(tmp_path: Path, line: str) -> None:
    path = tmp_path / ".env"
    path.write_text(f"OK=1\n{line}\n")
    with pytest.raises(UsageProblem, match=r"\.env:2: ") as caught:
        dotenv.read_env_file(path)
    assert "secret-value" not in str(caught.value)
    with pytest.raises(UsageProblem, match="no env file"):
        dotenv.read_env_file(tmp_path / "absent")


def _completions(kind: click.ParamType, text: str) -> list[str]:
    context = click.Context(click.Command("x"))
    return [item.value for item in kind.shell_complete(context, click.Argument(["id"]), text)]


def test_ids_complete(machine: Machine) -> None:
    machine.finished("3f2a9c1d", [("ifeval", "succeeded"), ("mmlu", "failed")])
    machine.finished("90000000", [("ifeval", "succeeded")])
    assert sorted(_completions(IdType(), "")) == ["3f2a9c1d", "90000000"]
    assert _completions(IdType(), "3f2") == ["3f2a9c1d", "3f2a9c1d.0", "3f2a9c1d.1"]
    assert _completions(IdType(), "3f2a9c1d.1") == ["3f2a9c1d.1"]
    assert _completions(IdType(jobs=False), "3f2") == ["3f2a9c1d"]
    assert _completions(IdType(), "zz") == []


def test_tasks_complete(machine: Machine) -> None:
    assert all(name.startswith("ifev") for name in _completions(TaskType(), "ifev"))
    assert _completions(TaskType(), "ifev")


def test_completion_through_the_shell(machine: Machine) -> None:
    machine.finished("3f2a9c1d", [("ifeval", "succeeded")])
    words = {"COMP_WORDS": "evaldock status 3f", "COMP_CWORD": "2", "_EVALDOCK_COMPLETE": "bash_complete"}
    before = dict(os.environ)
    result = machine.cli(**words)
    assert dict(os.environ) == before
    assert "plain,3f2a9c1d" in result.stdout
