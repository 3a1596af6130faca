"""A composed config in which every value says where it was written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from evaldock.core.config.load import load_traced
from evaldock.core.plan.mask import masked_tree
from evaldock.core.plan.traced import origins_of, render_traced

CONFIG = """\
defaults: [execution: local, _self_]
execution:
  output_dir: out
env_vars: {KEY: lit:secret-text}
target:
  api_endpoint:
    url: http://user:hunter2@localhost:1/v1/chat/completions
    model_id: ${oc.env:MODEL}
evaluation:
  overrides: {config.params.top_p: 0.5, config.params.extra: {stop: ["a", "b\\nc"]}}
  tasks:
    - name: ifeval
    - {name: gsm8k, overrides: {}}
"""
SHOWN = """\
execution:
  type: local                                        # evaldock's defaults execution/local.yaml:2
  mode: parallel                                     # evaldock's defaults execution/local.yaml:3
  max_parallel: 16                                   # evaldock's defaults execution/local.yaml:4
  pull: missing                                      # evaldock's defaults execution/local.yaml:5
  kill_grace: 3                                      # -o execution.kill_grace=3
  output_dir: out                                    # c.yaml:3
env_vars:
  KEY: lit:***                                       # c.yaml:4
target:
  api_endpoint:
    url: http://***@localhost:1/v1/chat/completions  # c.yaml:7
    model_id: ${oc.env:MODEL}                        # c.yaml:8
evaluation:
  overrides:
    config.params.top_p: 0.5                         # c.yaml:10
    config.params.extra.stop:
      - a                                            # c.yaml:10
      - "b\\nc"                                       # c.yaml:10
  tasks:
    - name: ifeval                                   # c.yaml:12
    - name: gsm8k                                    # c.yaml:13
      overrides: {}                                  # c.yaml:13
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(CONFIG)
    return tmp_path


def test_each_value_says_its_file_and_line_or_its_override(here: Path) -> None:
    config, root = load_traced(path=Path("c.yaml"), overrides=["execution.kill_grace=3"], env={"MODEL": "m"})
    lines = render_traced(config, root).splitlines()
    assert lines[:2] == [f"# {here}/c.yaml", f"# {config.sources[1]}"]
    assert lines[2:] == SHOWN.splitlines()


def test_it_is_yaml_with_or_without_the_origins(here: Path) -> None:
    config, root = load_traced(path=Path("c.yaml"), env={"MODEL": "m"})
    shown, bare = (yaml.safe_load(render_traced(config, root, origins=on)) for on in (True, False))
    assert shown == bare
    assert bare["evaluation"] == config.tree["evaluation"]
    assert "#" not in render_traced(config, root, origins=False)


def test_no_secret_is_in_it(here: Path) -> None:
    config, root = load_traced(path=Path("c.yaml"), env={"MODEL": "m"})
    text = render_traced(config, root) + str(origins_of(root))
    assert "hunter2" not in text
    assert "secret-text" not in text


def test_origins_by_path(here: Path) -> None:
    _, root = load_traced(path=Path("c.yaml"), env={"MODEL": "m"})
    origins = origins_of(root)
    assert origins["evaluation.tasks[1].name"] == "c.yaml:13"
    assert origins["evaluation.overrides.config.params.top_p"] == "c.yaml:10"
    assert origins["execution.mode"].startswith("evaldock's defaults")


EXAMPLES = Path(__file__).parents[2] / "examples"
POLICY = EXAMPLES / "gate.yaml"
CONFIGS = sorted(path for path in EXAMPLES.rglob("*.yaml") if path.parent.name != "catalog" and path != POLICY)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_what_is_shown_of_every_example_is_its_composed_config(path: Path) -> None:
    config, root = load_traced(path=path, env={})
    assert yaml.safe_load(render_traced(config, root)) == masked_tree(config.tree)
    assert set(origins_of(root).values())
