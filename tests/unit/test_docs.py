"""The documentation says what the code does: made parts, links, commands, configs and keys of files."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from evaldock.core.config.load import load_config
from evaldock.tui.cli.main import COMMANDS, cli

from tests.docs.made import ROOT, written, written_files

FILES = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in written_files()}
each_file = pytest.mark.parametrize("name", FILES)


def blocks(text: str, *languages: str) -> list[str]:
    """The fenced blocks of `text` in one of `languages`."""
    return [body for language, body in re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S) if language in languages]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@each_file
def test_what_is_made_from_the_code_is_what_the_code_makes(name: str) -> None:
    assert FILES[name] == written(FILES[name]), "run `python -m tests.docs`"


@each_file
def test_every_link_and_picture_is_there(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", FILES[name]):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path.read_text("utf-8")), target


@each_file
def test_every_command_is_one_that_evaldock_takes(name: str) -> None:
    text = FILES[name]
    lines = [line for body in blocks(text, "sh") for line in body.splitlines()]
    inline = re.findall(r"`(evaldock [^`]*)`", text)
    for line in [*lines, *inline]:
        words = shlex.split(line.partition(" > ")[0], comments=True)
        if words[:1] == ["evaldock"] and len(words) > 1 and not words[1].startswith("-"):
            check_command(words[1:])


def check_command(words: list[str]) -> None:
    """Fail unless the command, its subcommand and its options exist; placeholders such as ID count as arguments."""
    assert words[0] in COMMANDS, words
    with click.Context(cli, info_name="evaldock") as context:
        command = cli.get_command(context, words[0])
        assert command is not None
        rest = words[1:]
        if isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            names = rest[0].split("|")
            found = [command.get_command(context, name) for name in names]
            assert all(found), words
            command, rest = found[0], rest[1:]
    assert command is not None
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for word in rest:
        option = word.strip("[]").partition("=")[0]
        if option.startswith("-") and option not in ("--help", "-h"):
            assert option in known, (words, option)


@each_file
def test_every_whole_config_is_one(name: str, tmp_path: Path) -> None:
    for body in blocks(FILES[name], "yaml"):
        tree = yaml.safe_load(body)
        if isinstance(tree, dict) and {"execution", "target", "evaluation"} <= tree.keys():
            path = tmp_path / "config.yaml"
            path.write_text(body, "utf-8")
            assert load_config(path=path, env={"API_KEY": "k"}).tasks


# Keys that are data: names of states, statuses, parameters and places.
MAPS = {"counts", "by_status", "params", "origins", "config", "provenance"}
GOLDEN = ROOT / "tests" / "unit" / "golden"
PINNED = [path.name for path in GOLDEN.glob("*.json") if not re.search("dry-run.json|report", path.name)]


def keys_of(value: object) -> Iterator[str]:
    """Every key of an object and of what is in it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in MAPS:
                yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


@pytest.mark.parametrize("name", [*PINNED, "prune-dry-run.json"])
def test_every_key_that_programs_read_is_described(name: str) -> None:
    described = set(re.findall(r"`(\w+)`", FILES["docs/files.md"]))
    assert set(keys_of(json.loads((GOLDEN / name).read_text("utf-8")))) <= described


def test_the_readme_shows_only_pictures_that_are_there() -> None:
    shown = set(re.findall(r"screenshots/(\w+\.svg)", FILES["README.md"]))
    assert shown
    assert shown <= {path.name for path in (ROOT / "screenshots").iterdir()}
