"""Programs of our own are started where nobody else's code or keys come along."""

from __future__ import annotations

import os
import re
import sys
import threading
from pathlib import Path

import evaldock.examples
import pytest
from evaldock.core.base.helper import helper_command, helper_env
from evaldock.core.catalog.update import UpdateError, fetch_wheel
from evaldock.core.engine import spawn as engine_start
from evaldock.core.logs.query import Query
from evaldock.core.logs.scan import LogScan
from evaldock.core.proxy import process as proxy_process

_NAMES = ("json", "pip", "re", "os", "evaldock", "struct", "encodings", "sitecustomize")


@pytest.fixture
def downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of somebody else, with modules that leave a mark when they are imported, as the current one."""
    folder = tmp_path / "downloaded"
    folder.mkdir()
    for name in _NAMES:
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write(__name__ + chr(10))\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    return folder


def test_a_search_runs_no_code_of_the_current_directory(tmp_path: Path, downloaded: Path) -> None:
    (tmp_path / "log").write_text("needle\n")
    counted = threading.Event()
    fd = os.open(tmp_path / "log", os.O_RDONLY)
    scan = LogScan(fd, Query("needle", False), counted.set)
    os.close(fd)
    scan.grow(7)
    assert counted.wait(30)
    scan.stop()
    assert scan.problem == ""
    assert not (tmp_path / "ran").exists()


def test_a_catalog_update_runs_no_code_of_the_current_directory(
    tmp_path: Path, downloaded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    (tmp_path / "wheels").mkdir()
    with pytest.raises(UpdateError):
        fetch_wheel(tmp_path / "wheels")
    assert not (tmp_path / "ran").exists()


def test_a_helper_has_what_python_and_the_user_settings_need_and_no_key() -> None:
    kept = {"PATH": "/bin", "HOME": "/home/u", "LC_ALL": "C", "PYTHONPATH": "/src", "TMPDIR": "/var/tmp"}
    env = kept | {"OPENAI_API_KEY": "sk-1", "MY_LOGIN": "x", "AWS_SECRET_ACCESS_KEY": "y", "PIP_INDEX_URL": "http://i"}
    assert helper_env(env) == kept
    assert helper_env(env, ("PIP_",)) == kept | {"PIP_INDEX_URL": "http://i"}


def test_every_program_of_ours_is_started_without_the_current_directory() -> None:
    assert helper_command("a.b", "c") == [sys.executable, "-P", "-m", "a.b", "c"]
    for module in (engine_start, proxy_process):
        text = Path(str(module.__file__)).read_text()
        assert '"-m"' not in text
        assert "helper_command(" in text


def test_scripts_run_no_module_of_the_current_directory() -> None:
    folder = Path(next(iter(evaldock.examples.__path__)))
    scripts = [path for path in folder.rglob("*") if path.suffix == ".sh" or path.name == "build"]
    assert len(scripts) > 3
    unsafe = re.compile(r"""python3?"? -(?:m|c '(?!'|import sys;))""")
    for script in scripts:
        for line in script.read_text().splitlines():
            code = line.partition("#")[0].strip()
            if unsafe.search(code) and not code.startswith("say ") and "cd / &&" not in code:
                pytest.fail(f"{script.name}: without -P: {code}")
