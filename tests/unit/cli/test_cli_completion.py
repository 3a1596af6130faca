"""`completion`: scripts that real shells take, printed or installed once."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import Result

from .conftest import Machine

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "it's home"
    made.mkdir()
    return made


def install(machine: Machine, home: Path, *shell: str, **env: str) -> Result:
    return machine.cli("completion", *shell, "--install", HOME=str(home), XDG_CONFIG_HOME="", XDG_DATA_HOME="", **env)


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_takes_its_script(machine: Machine, shell: str) -> None:
    script = machine.cli("completion", shell).stdout
    assert "_EVALDOCK_COMPLETE" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


def test_bash_loads_it_at_its_start_and_completes(machine: Machine, home: Path) -> None:
    (home / ".bashrc").write_text("alias ll='ls -l'")
    for _ in range(2):
        assert install(machine, home, SHELL="/usr/bin/bash").exit_code == 0
    lines = (home / ".bashrc").read_text().splitlines()
    assert lines[0] == "alias ll='ls -l'" and len(lines) == 2
    shown = subprocess.run(
        ["bash", "--norc", "-c", ". ~/.bashrc; complete -p evaldock"],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "_evaldock_completion" in shown.stdout


def test_zsh_has_a_start_file_of_its_own(machine: Machine, home: Path) -> None:
    assert install(machine, home, "zsh", ZDOTDIR=str(home / ".")).exit_code == 0
    assert "completion.zsh" in (home / ".zshrc").read_text()
    assert (home / ".local/share/evaldock/completion.zsh").read_text().startswith("(( $+functions[compdef] ))")


def test_fish_finds_it_by_itself(machine: Machine, home: Path) -> None:
    result = install(machine, home, "fish")
    assert Path(result.stdout.strip()) == home / ".config/fish/completions/evaldock.fish"
    assert "_EVALDOCK_COMPLETE" in Path(result.stdout.strip()).read_text()


def test_a_shell_without_a_script_is_asked_for(machine: Machine, home: Path) -> None:
    result = install(machine, home, SHELL="/bin/dash")
    assert result.exit_code == 2 and "bash, zsh, fish" in result.output


def test_a_place_that_cannot_be_written_is_named(machine: Machine, home: Path) -> None:
    (home / ".local").write_text("a file")
    result = install(machine, home, "bash")
    assert result.exit_code == 1 and "cannot be written" in result.output
    assert not (home / ".bashrc").exists()
