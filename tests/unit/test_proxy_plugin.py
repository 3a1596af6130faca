"""An interceptor from another package, really installed: the one that CONTRIBUTING.md shows, word for word."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from evaldock.core.proxy.process import start_proxy

from .test_proxy_server_process import ask, endpoint, one_job, run_dir, wait_for_exit

__all__ = ("endpoint", "run_dir")  # fixtures

GUIDE = Path(__file__).parents[2] / "CONTRIBUTING.md"
CONFIG = """\
execution: {{output_dir: out}}
target:
  api_endpoint:
    url: http://localhost:8080/v1/chat/completions
    model_id: m
    adapter_config:
      interceptors:
        - name: shout
          config:
            mark: {mark}
evaluation: {{tasks: [{{name: ifeval}}]}}
"""


def block(language: str) -> str:
    """The first code of this language after the guide's heading on interceptors."""
    text = GUIDE.read_text("utf-8").split("## An interceptor of your own")[1]
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory into which pip has installed the guide's package, as a wheel."""
    folder = tmp_path_factory.mktemp("plugin")
    project = tomllib.loads(block("toml"))["project"]
    points = project["entry-points"]
    lines = [f"[{group}]\n" + "".join(f"{n} = {v}\n" for n, v in found.items()) for group, found in points.items()]
    stem = f"{project['name'].replace('-', '_')}-{project['version']}"
    info = f"{stem}.dist-info"
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("evaldock_shout.py", block("python"))
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/entry_points.txt", "".join(lines))
        archive.writestr(f"{info}/RECORD", "")
    target = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*pip, "--target", str(target), str(wheel)], check=True, capture_output=True)
    return target


def evaldock(site: Path, folder: Path, mark: str) -> subprocess.CompletedProcess[str]:
    """A dry run with that interceptor, in an environment that has it."""
    (folder / "c.yaml").write_text(CONFIG.format(mark=mark))
    program = str(Path(sys.executable).with_name("evaldock"))
    return subprocess.run(
        [program, "run", "c.yaml", "--dry-run"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_config_with_it_is_checked_like_any_other(site: Path, tmp_path: Path) -> None:
    good = evaldock(site, tmp_path, '"?"')
    assert good.returncode == 0, good.stderr
    assert "via    shout, endpoint" in good.stdout
    bad = evaldock(site, tmp_path, "3")
    assert bad.returncode == 2
    assert "c.yaml:10:19: target.api_endpoint.adapter_config.interceptors[0].config.mark: is the number 3" in bad.stderr
    without = evaldock(tmp_path, tmp_path, '"?"')
    assert "there is no interceptor 'shout'" in without.stderr


def test_the_proxy_runs_it(site: Path, run_dir: Path, endpoint: int) -> None:
    jobs = one_job(run_dir, endpoint, adapter={"interceptors": [{"name": "shout", "config": {"mark": "?"}}]})
    env = {**os.environ, "PYTHONPATH": str(site)}
    handle = start_proxy(run_dir, jobs, ["127.0.0.1"], env=env)
    code, answer = ask(handle.port, jobs["a.0"]["token"], body={"messages": [{"content": "hello"}]})
    assert (code, answer["asked"]) == (200, {"messages": [{"content": "HELLO?"}]})
    left = handle.update({})["a.0"]
    assert (left["ok"], left["last_errors"]) == (1, [])
    handle.stop()
    wait_for_exit(handle)
    assert json.loads((run_dir / "a" / "requests.json").read_bytes())["ok"] == 1
