"""What is printed may go nowhere: a reader that has gone, a full disk, a stream that is closed. Never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from .conftest import Machine, change
from .damage import finished_run

MAIN = "import sys\nfrom evaldock.tui.cli.main import main\nsys.argv[0] = 'evaldock'\nmain()"
RUN = "3f2a9c1d"
COMMANDS = (
    ("--help",),
    ("--version",),
    ("run", "--help"),
    ("ls", "tasks"),
    ("status", f"{RUN}.0"),
    ("results", RUN, "--json"),
    ("logs", f"{RUN}.0"),
    ("info", RUN),
    ("report", RUN, "-o", "-"),
)
every_command = pytest.mark.parametrize("args", COMMANDS, ids=" ".join)


def evaldock(
    *args: str, stdout: int | None = subprocess.PIPE, before: Callable[[], object] | None = None
) -> tuple[int, str]:
    """Exit code and what was said on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", MAIN, *args], stdout=stdout, stderr=subprocess.PIPE, preexec_fn=before, check=False
    )
    return done.returncode, done.stderr.decode()


@every_command
def test_a_reader_that_has_gone_is_no_error(machine: Machine, args: tuple[str, ...]) -> None:
    finished_run(machine, RUN)
    read, write = os.pipe()
    os.close(read)
    try:
        assert evaldock(*args, stdout=write) == (0, "")
    finally:
        os.close(write)


@every_command
def test_a_full_disk_behind_stdout_is_told(machine: Machine, args: tuple[str, ...]) -> None:
    finished_run(machine, RUN)
    with open("/dev/full", "wb") as full:
        assert evaldock(*args, stdout=full.fileno()) == (
            1,
            "evaldock: The disk is full. Free some space, then start again.\n",
        )


@every_command
def test_a_closed_stdout_is_as_good_as_any(machine: Machine, args: tuple[str, ...]) -> None:
    finished_run(machine, RUN)
    assert evaldock(*args, stdout=None, before=lambda: os.close(1)) == (0, "")


def test_a_command_with_no_stream_at_all_ends_with_its_exit_code(machine: Machine) -> None:
    finished_run(machine, RUN)
    assert evaldock("status", RUN, before=lambda: os.closerange(0, 3)) == (1, "")
    assert evaldock("status", "zz", before=lambda: os.closerange(0, 3)) == (2, "")


def test_text_that_no_encoding_has_is_printed_all_the_same(machine: Machine) -> None:
    run = machine.run(RUN, "alpha")
    machine.happen(run, change(f"{RUN}.0", "failed", detail="half a \ud83d pair"))
    for args in (("status",), ("status", "--json"), ("results", "--csv"), ("report", "-o", "-"), ("export",)):
        code, said = evaldock(*args, before=lambda: os.chdir(machine.root))
        assert (code, said) == (1 if args[0] == "status" else 0, ""), args
