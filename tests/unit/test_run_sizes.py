"""What an earlier run counted is remembered per task and image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from evaldock.core.plan.spec import JobSpec
from evaldock.core.run.sizes import recall, remember

JOB = JobSpec(
    *("0a1b2c3d.0", 0, "ifeval", "lm-evaluation-harness", "img:1", "sha256:1", "chat", "http://h/v1", "m"),
    *(("nemo-evaluator",), "ifeval"),
    run_config={"config": {"params": {"limit_samples": 20, "extra": {"n": 1}}}},
)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path)}


def test_a_count_is_kept_for_jobs_that_ask_the_same(env: dict[str, str]) -> None:
    remember(JOB, 40, env)
    other = replace(JOB, id="ffffffff.3", index=3, model_id="other", url="http://other/v1", timeout=3.0)
    assert recall(other, env) == 40
    remember(other, 41, env)
    assert recall(JOB, env) == 41


@pytest.mark.parametrize(
    "change",
    [
        {"image": "img:2"},
        {"digest": "sha256:2"},
        {"task": "other"},
        {"endpoint_type": "completions"},
        {"run_config": {"config": {"params": {"limit_samples": 21, "extra": {"n": 1}}}}},
        {"run_config": {"config": {"params": {"limit_samples": 20, "extra": {"n": 2}}}}},
        {"run_config": {}},
    ],
)
def test_another_task_image_or_limit_has_a_count_of_its_own(env: dict[str, str], change: dict[str, object]) -> None:
    remember(JOB, 40, env)
    assert recall(replace(JOB, **change), env) is None  # type: ignore[arg-type]


def test_what_cannot_be_read_or_written_is_not_remembered(tmp_path: Path, env: dict[str, str]) -> None:
    assert recall(JOB, env) is None
    remember(JOB, 0, env)
    assert recall(JOB, env) is None
    remember(JOB, 7, env)
    (file,) = (tmp_path / "evaldock" / "sizes").iterdir()
    for text in ("{", "[]", '{"answers": "7"}', '{"answers": -1}'):
        file.write_text(text)
        assert recall(JOB, env) is None
    (tmp_path / "file").write_text("")
    remember(JOB, 7, {"XDG_STATE_HOME": str(tmp_path / "file")})
