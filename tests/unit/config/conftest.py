"""Writes YAML files into a fresh directory and loads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from config_kit import Complain, Load
from evaldock.core.config.load import load_config
from evaldock.core.config.model import Config, ConfigError


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads `text` as the file c.yaml of the current directory, beside `files`."""
    monkeypatch.chdir(tmp_path)

    def do(
        text: str,
        *overrides: str,
        env: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Config:
        for name, content in {"c.yaml": text, **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return load_config(path=Path("c.yaml"), overrides=overrides, env=env or {})

    return do


@pytest.fixture
def complain(load: Load) -> Complain:
    """As `load`, for a config with problems: each as one line."""

    def do(
        text: str,
        *overrides: str,
        env: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(text, *overrides, env=env, files=files)
        lines = [str(problem) for problem in caught.value.problems]
        assert str(caught.value) == "\n".join(lines)
        assert all(line and "\n" not in line for line in lines)
        return lines

    return do


MINIMAL = """\
execution:
  output_dir: out
target:
  api_endpoint:
    url: http://localhost:8080/v1/chat/completions
evaluation:
  tasks:
    - name: ifeval
    - name: simple_evals.mmlu
"""


@pytest.fixture
def minimal() -> str:
    """The smallest useful config, with two tasks."""
    return MINIMAL
