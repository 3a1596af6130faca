"""Places that cannot be written, are full, or are not there: what is told, and what goes on all the same."""

from __future__ import annotations

import os
import pwd
from datetime import UTC, datetime
from pathlib import Path

import pytest
from evaldock.core.base.home import home_dir
from evaldock.core.plan.spec import JobSpec, Plan
from evaldock.core.run.layout import CreateError, create_run
from evaldock.tui.cli.errors import explain
from evaldock.tui.cli.exit_codes import ExitCode

from ..test_run_layout import files_at_most
from .conftest import Machine
from .damage import finished_run, picture

RUN = "3f2a9c1d"


def test_a_full_disk_leaves_no_half_export_and_no_half_report(machine: Machine) -> None:
    run = finished_run(machine, RUN)
    exports = machine.root / "exports"
    exports.mkdir()
    kept = exports / "page.html"
    kept.write_text("an older report")
    before = picture(machine.root)
    with files_at_most(100):
        for args in (
            ("export", RUN, "--output-dir", exports),
            ("export", RUN, "--dest", "csv", "--output-dir", exports),
            ("export", RUN, "--dest", "junit", "--output-dir", exports),
            ("report", RUN, "-o", kept),
            ("report", RUN),
        ):
            result = machine.cli(*args)
            assert (result.exit_code, result.stdout) == (1, ""), args
            assert len(result.stderr.split()) > 4, args
    assert kept.read_text() == "an older report"
    assert picture(exports) == {path: seen for path, seen in before.items() if path.startswith(f"{exports}/")}
    assert not (run.paths.root / "report.html").exists()


def test_an_output_dir_that_is_a_file_is_said_to_be_one(machine: Machine) -> None:
    machine.output.write_text("")
    job = JobSpec(f"{RUN}.0", 0, "t", "h", "busybox", "", "chat", "http://x", "m", ("true",), "t")
    plan = Plan(RUN, str(machine.output / "below"), "parallel", 1, "never", "m", "http://x", (job,))
    with pytest.raises(CreateError, match="it is not a directory") as caught:
        create_run(plan, {}, now=datetime.now(UTC))
    found = explain(caught.value)
    assert found is not None
    assert found[1] is ExitCode.USAGE


def test_runs_that_cannot_be_noted_down_are_told_by_their_directory(machine: Machine) -> None:
    run = finished_run(machine, RUN)
    (machine.root / "no_state").write_text("")
    env = {"XDG_STATE_HOME": str(machine.root / "no_state")}
    result = machine.cli("ls", "runs", "--scan", machine.output, **env)
    assert result.exit_code == 0
    assert f"{RUN} cannot be noted down in {machine.root}/no_state/evaldock" in result.stderr
    assert f"evaldock status {run.paths.root}" in result.stderr
    assert RUN in machine.cli("status", run.paths.root, **env).stdout
    assert machine.cli("ls", "runs", "--scan", machine.output).stderr == ""


def test_a_user_without_a_home_lives_at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    assert home_dir({"HOME": "/h"}) == Path("/h")
    monkeypatch.delenv("HOME")
    assert home_dir() == Path(pwd.getpwuid(os.getuid()).pw_dir)

    def nobody(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert home_dir() == Path("/")


@pytest.mark.parametrize(
    "args",
    [
        ("status", "~no-such-user/x"),
        ("run", "~no-such-user/x.yaml", "--dry-run"),
        ("check", "-d", "~no-such-user", "-c", "x"),
        ("config", "validate", "~no-such-user/x.yaml"),
        ("export", "--output-dir", "~no-such-user/x"),
    ],
    ids=" ".join,
)
def test_a_tilde_that_names_nobody_is_a_file_that_is_not_there(
    machine: Machine, args: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(machine.root)
    result = machine.cli(*args)
    assert result.exit_code == 2
    assert "Unexpected" not in result.stderr
