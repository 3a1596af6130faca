"""What the README shows is there, and its key table is the registry's."""

from __future__ import annotations

import re
from pathlib import Path

from evaldock.tui.actions import markdown
from evaldock.tui.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text("utf-8")


def test_the_key_table_is_the_one_that_the_program_prints() -> None:
    shown = re.search(r"<!-- keys: .*? -->\n(.*?)\n<!-- /keys -->", TEXT, re.DOTALL)
    assert shown is not None
    assert shown[1].strip() == markdown().strip()


def test_every_picture_and_link_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        if "://" not in target:
            assert (ROOT / target).exists(), target


def test_every_command_that_it_names_exists() -> None:
    named = set(re.findall(r"`evaldock ([a-z]+)", TEXT)) | {
        name
        for block in re.findall(r"```\w*\n(.*?)```", TEXT, re.DOTALL)
        for name in re.findall(r"^evaldock ([a-z]+)", block, re.MULTILINE)
    }
    assert named <= set(COMMANDS), named - set(COMMANDS)
