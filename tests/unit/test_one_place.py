"""What several rooms say or do has one place: a second definition would drift from the first."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
from evaldock.core.run.events import JobState, Reason
from evaldock.tui.glyphs import ASCII, UNICODE, state_glyph, state_role
from evaldock.tui.view.reasons import REASONS

ROOT = Path(__file__).parents[2]


@cache
def sources() -> dict[str, str]:
    """The text of each file of core and tui, by its path."""
    files = sorted([*(ROOT / "core").rglob("*.py"), *(ROOT / "tui").rglob("*.py")])
    return {str(path.relative_to(ROOT)): path.read_text() for path in files}


def code(text: str) -> str:
    """A source without its docstrings and comments."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str()) as docstring):
                docstring.value = ""
            case _:
                pass
    return ast.unparse(tree)


@pytest.mark.parametrize(
    ("what", "mark", "place"),
    [
        ("locks of files", ".flock(", "core/base/lock.py"),
        ("folders of the user", "_HOME", "core/base/home.py"),
        ("sizes", "'GiB'", "core/base/units.py"),
        ("words that name secrets", "'passphrase'", "core/base/secrets.py"),
        ("shapes of secrets", "github_pat_", "core/base/secrets.py"),
        ("words of reasons", "'registry unreachable'", "tui/view/reasons.py"),
        ("signs of states", "'►'", "tui/glyphs.py"),
        ("colours of states", "'succeeded': 'ok'", "tui/glyphs.py"),
    ],
)
def test_there_is_one_place_for(what: str, mark: str, place: str) -> None:
    said = mark.replace("'", '"')
    near = (path for path, text in sources().items() if said in text or mark in text)
    assert [path for path in near if mark in code(sources()[path])] == [place], what


def test_every_reason_has_words_in_the_one_table() -> None:
    assert set(REASONS) == {reason.value for reason in Reason}


def test_no_other_table_maps_reasons() -> None:
    names = {reason.value for reason in Reason}

    def tables(text: str) -> list[ast.Dict]:
        found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Dict)]
        return [
            one for one in found if sum(isinstance(key, ast.Constant) and key.value in names for key in one.keys) > 3
        ]

    assert [path for path, text in sources().items() if "start_failed" in text and tables(text)] == [
        "tui/view/reasons.py"
    ]


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_has_a_sign_and_a_role_of_its_own(state: JobState) -> None:
    assert state_glyph(UNICODE, "no such state") == UNICODE.lost
    assert state is JobState.LOST or state_glyph(UNICODE, state) != UNICODE.lost
    assert state is JobState.LOST or state_glyph(ASCII, state) != ASCII.lost
    assert state_role(state)
