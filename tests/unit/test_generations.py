"""One evaluation in the spelling of each generation plans the same jobs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from evaldock.core.catalog.load import load_catalog
from evaldock.core.config.convert import convert_text
from evaldock.core.config.load import load_config
from evaldock.core.plan.make import make_plan
from evaldock.core.plan.spec import Plan

# What nemo-evaluator-launcher 0.1 reads: dotted overrides, bare names of variables.
FIRST = """\
defaults:
  - execution: local
  - deployment: none
  - _self_
execution:
  output_dir: out
  mode: sequential
target:
  api_endpoint:
    model_id: meta/llama-3.1-8b-instruct
    url: https://integrate.api.nvidia.com/v1/chat/completions
    api_key_name: API_KEY
evaluation:
  overrides:
    config.params.request_timeout: 3600
    config.params.parallelism: 4
  tasks:
    - name: lm-evaluation-harness.ifeval
      overrides:
        config.params.limit_samples: 20
    - name: simple_evals.gpqa_diamond
      overrides:
        config.params.temperature: 0.6
        config.params.parallelism: 8
      env_vars:
        HF_TOKEN: HF_TOKEN_FOR_GPQA_DIAMOND
"""

# What 0.2 reads: nested settings at both levels, prefixed variables, groups of the user's own, packages.
SECOND = {
    "c.yaml": """\
defaults:
  - execution: mine
  - deployment: none
  - target: nvidia
  - shared/timeouts
  - _self_
env_vars: {}
auxiliary_deployments: {}
evaluation:
  tasks:
    - name: lm-evaluation-harness.ifeval
      nemo_evaluator_config: {config: {params: {limit_samples: 20}}}
    - name: simple_evals.gpqa_diamond
      nemo_evaluator_config:
        config:
          params:
            temperature: 0.6
            parallelism: 8
      env_vars:
        HF_TOKEN: host:HF_TOKEN_FOR_GPQA_DIAMOND
""",
    "execution/mine.yaml": "defaults: [local, _self_]\noutput_dir: out\nmode: sequential\n",
    "target/nvidia.yaml": """\
api_endpoint:
  model_id: meta/llama-3.1-8b-instruct
  url: https://integrate.api.nvidia.com/v1/chat/completions
  api_key_name: API_KEY
""",
    "shared/timeouts.yaml": """\
# @package evaluation.nemo_evaluator_config.config.params
request_timeout: 3600
parallelism: 4
""",
}

# What evaldock adds: no defaults list is needed.
CURRENT = """\
execution: {output_dir: out, mode: sequential}
target:
  api_endpoint:
    model_id: meta/llama-3.1-8b-instruct
    url: https://integrate.api.nvidia.com/v1/chat/completions
    api_key_name: API_KEY
evaluation:
  nemo_evaluator_config:
    config: {params: {request_timeout: 3600, parallelism: 4}}
  tasks:
    - name: lm-evaluation-harness.ifeval
      nemo_evaluator_config: {config: {params: {limit_samples: 20}}}
    - name: simple_evals.gpqa_diamond
      nemo_evaluator_config: {config: {params: {temperature: 0.6, parallelism: 8}}}
      env_vars: {HF_TOKEN: host:HF_TOKEN_FOR_GPQA_DIAMOND}
"""


def planned(folder: Path, files: dict[str, str]) -> Plan:
    """The plan of the file c.yaml among `files`."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    config = load_config(path=folder / "c.yaml", env={})
    assert config.warnings == ()
    plan = make_plan(config, load_catalog(env={"XDG_CONFIG_HOME": str(folder)}), invocation="0a1b2c3d")
    return replace(plan, config_path="")


def test_all_generations_plan_the_same_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = planned(tmp_path / "first", {"c.yaml": FIRST})
    assert [job.task for job in first.jobs] == ["ifeval", "gpqa_diamond"]
    assert first.jobs[1].run_config["config"]["params"] == {  # type: ignore[index]
        "request_timeout": 3600, "parallelism": 8, "temperature": 0.6,
    }  # fmt: skip
    assert planned(tmp_path / "second", SECOND) == first
    assert planned(tmp_path / "current", {"c.yaml": CURRENT}) == first
    converted, changes = convert_text(FIRST.encode(), "c.yaml")
    assert len(changes) == 4
    assert planned(tmp_path / "converted", {"c.yaml": converted}) == first
