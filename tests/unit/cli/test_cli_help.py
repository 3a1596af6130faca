"""The help of every command: its examples are there, and are what the command takes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click
import pytest
from evaldock.tui.cli.main import cli


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from commands(found, (*path, name))
        else:
            yield (*path, name)


def named(path: tuple[str, ...]) -> click.Command:
    found: click.Command | None = cli
    for name in path:
        assert isinstance(found, click.Group)
        found = found.get_command(click.Context(found), name)
    assert found is not None
    return found


ALL = list(commands(cli))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_says_what_it_is_for(path: tuple[str, ...]) -> None:
    command = named(path)
    assert command.help and command.get_help(click.Context(command, info_name=path[-1]))
    # What is not an argument has a word of help.
    unsaid = [option.name for option in command.params if isinstance(option, click.Option) and not option.help]
    assert unsaid == []


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_the_examples_are_what_the_command_takes(path: tuple[str, ...]) -> None:
    command = named(path)
    begin = f"  evaldock {' '.join(path)}"
    lines = [line for line in (command.epilog or "").splitlines() if line.startswith(begin)]
    assert lines, "no example"
    for line in lines:
        arguments = shlex.split(line.split("  evaldock ")[1].split("  ")[0].split(" > ")[0])[len(path) :]
        # Parses, and raises UsageError for what the command does not know; it is not called.
        command.make_context(path[-1], arguments, parent=click.Context(cli))
