"""Every YAML block of the documentation that evaldock promises to run loads as written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from evaldock.core.config.load import load_config
from evaldock.core.config.model import Config, EnvValue

DATA = Path(__file__).parent / "data"


def over_basic(tmp_path: Path, block: str) -> Config:
    """A fragment of the document laid over its basic configuration, by a defaults list of file names."""
    for file in DATA.glob("*.yaml"):
        shutil.copy(file, tmp_path)
    (tmp_path / "main.yaml").write_text(f"defaults: [basic, {block}, _self_]\n")
    return load_config(config_dir=tmp_path, config_name="main")


def test_basic_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config(config_dir=DATA, config_name="basic")
    assert config.execution.output_dir == tmp_path / "llama_3_1_8b_instruct_results"
    assert (config.execution.mode, config.execution.workers) == ("parallel", 16)
    assert config.endpoint.url == "https://integrate.api.nvidia.com/v1/chat/completions"
    assert config.endpoint.model_id == "meta/llama-3.1-8b-instruct"
    assert config.endpoint.api_key_name == "API_KEY"
    assert [task.name for task in config.tasks] == ["ifeval", "gpqa_diamond"]
    assert config.tree["deployment"] == {"type": "none"}
    assert [source.name for source in config.sources] == ["basic.yaml", "local.yaml", "none.yaml"]
    assert not config.warnings


def test_path_and_name_mean_the_same() -> None:
    by_name = load_config(config_dir=DATA, config_name="basic")
    assert load_config(path=DATA / "basic.yaml") == by_name
    assert load_config(config_dir=DATA, config_name="basic.yaml").tasks == by_name.tasks


def test_execution_modes(tmp_path: Path) -> None:
    config = over_basic(tmp_path, "modes")
    assert config.execution.mode == "parallel"
    assert config.execution.output_dir == Path.cwd() / "results"


def test_multi_task_evaluation(tmp_path: Path) -> None:
    tasks = over_basic(tmp_path, "multi_task").tasks
    limits = {task.name: task.run_config for task in tasks}
    assert limits == {
        "mmlu_pro": {"config": {"params": {"limit_samples": 200}}},
        "gsm8k": {"config": {"params": {"limit_samples": 100}}},
        "humaneval": {"config": {"params": {"limit_samples": 50}}},
    }


def test_task_specific_configuration(tmp_path: Path) -> None:
    (task,) = over_basic(tmp_path, "task_specific").tasks
    params = {"temperature": 0.6, "top_p": 0.95, "max_new_tokens": 8192, "parallelism": 4}
    assert task.run_config == {"config": {"params": params}}
    assert task.env == {"HF_TOKEN": EnvValue("host", "HF_TOKEN_FOR_GPQA_DIAMOND")}


def test_adapter_interceptors(tmp_path: Path) -> None:
    config = over_basic(tmp_path, "interceptors")
    assert config.endpoint.model_id == "my-model"
    assert config.endpoint.adapter_config == {
        "interceptors": [
            {
                "name": "reasoning",
                "config": {"start_reasoning_token": "<think>", "end_reasoning_token": "</think>"},
            },
            {"name": "caching", "config": {"cache_dir": "./evaluation_cache"}},
            {"name": "request_logging", "config": {"max_requests": 50}},
        ]
    }


def test_documented_override_of_the_url() -> None:
    url = "http://localhost:8080/v1/chat/completions"
    config = load_config(config_dir=DATA, config_name="basic", overrides=[f"target.api_endpoint.url={url}"])
    assert config.endpoint.url == url
    (change,) = config.changes
    assert (change.path, change.before, change.after) == (
        "target.api_endpoint.url",
        "https://integrate.api.nvidia.com/v1/chat/completions",
        url,
    )
