from __future__ import annotations

import re

import pytest
from evaldock.core.plan.names import DirNames, safe_dir_name
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("ifeval", "ifeval"),
        ("AA-LCR.aa_lcr", "AA-LCR.aa_lcr"),
        ("../../etc/passwd", "_._etc_passwd"),
        ("..", "task"),
        ("", "task"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("a/b\\c\0d\x1b]52;", "a_b_c_d_52_"),
        ("ünïcode", "_n_code"),
        ("x" * 100, "x" * 64),
        ("a.", "a"),
    ],
)
def test_names_are_safe(task: str, name: str) -> None:
    assert safe_dir_name(task) == name


@given(st.text())
def test_any_text_gives_one_safe_part(task: str) -> None:
    name = safe_dir_name(task)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name)
    assert not name.startswith((".", "-")) and ".." not in name
    assert safe_dir_name(name) == name


@given(st.lists(st.sampled_from(["a", "A", "a.1", "a.2", "x" * 70, "x" * 65, "..", "plan.json", "é"]), max_size=40))
def test_no_two_jobs_share_a_directory(tasks: list[str]) -> None:
    names = DirNames()
    taken = [names.take(task, index) for index, task in enumerate(tasks)]
    assert len({name.casefold() for name in taken}) == len(tasks)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name) for name in taken)


def test_files_of_the_run_keep_their_names() -> None:
    names = DirNames()
    assert names.take("plan.json", 0) == "plan.json.0"
    assert names.take("Requests", 1) == "Requests.1"
    assert names.take("a.2", 2) == "a.2"
    assert [names.take("a", 1), names.take("a", 2)] == ["a", "a.2_"]
