"""`evaluation.repeats`: which jobs it makes, what they are told, and that plans without it are as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from evaldock.core.catalog.catalog import Catalog
from evaldock.core.catalog.expected import Expected, parse_expected
from evaldock.core.catalog.model import TaskSpec
from evaldock.core.config.model import Config, ConfigError, Endpoint, Execution, TaskConfig
from evaldock.core.plan.codec import job_to_json, plan_from_json, plan_to_json
from evaldock.core.plan.make import make_plan
from evaldock.core.plan.spec import Plan

CATALOG = Catalog(
    [
        TaskSpec("seeded", "lab", "lab/eval:1", command=("run", "{url}", "--seed={params.seed}")),
        TaskSpec("native", "lab", "lab/eval:1", command=("run", "{url}", "-n", "{params.n_samples}")),
        TaskSpec("nemo", "lab", "lab/eval:1", params={"extra": {"num_repeats": 1, "seed": 0}}),
        TaskSpec("plain", "lab", "lab/eval:1", command=("run", "{url}"), expected=Expected(0.5)),
    ]
)


def plan(*tasks: TaskConfig, positions: list[int] | None = None) -> Plan:
    endpoint = Endpoint(url="http://model.invalid/v1/chat/completions", model_id="m")
    config = Config({}, Execution(Path("/out")), endpoint, tasks)
    return make_plan(config, CATALOG, invocation="1a2b3c4d", positions=positions)


def params(**given: object) -> dict[str, Any]:
    return {"config": {"params": given}}


def test_jobs_of_their_own_with_seeds_where_the_harness_takes_one() -> None:
    jobs = plan(TaskConfig("seeded", repeats=3), TaskConfig("plain", repeats=2), TaskConfig("ifeval")).jobs
    assert [(job.id, job.dir_name, job.position, job.repeat) for job in jobs] == [
        ("1a2b3c4d.0", "seeded", 0, 1),
        ("1a2b3c4d.1", "seeded.1", 0, 2),
        ("1a2b3c4d.2", "seeded.2", 0, 3),
        ("1a2b3c4d.3", "plain", 1, 1),
        ("1a2b3c4d.4", "plain.4", 1, 2),
        ("1a2b3c4d.5", "ifeval", 2, 0),
    ]
    assert [job.command[-1] for job in jobs[:3]] == ["--seed=1", "--seed=2", "--seed=3"]
    assert jobs[3].command == jobs[4].command
    assert {job.repeats for job in jobs} == {1}


@pytest.mark.parametrize(
    ("task", "path"),
    [
        ("native", ("n_samples",)),
        ("nemo", ("extra", "num_repeats")),
        ("simple_evals.gpqa_diamond", ("extra", "n_samples")),
        ("nemo_skills.ns_gpqa", ("extra", "num_repeats")),
    ],
)
def test_a_harness_that_repeats_by_itself_is_told_how_often(task: str, path: tuple[str, ...]) -> None:
    (job,) = plan(TaskConfig(task, repeats=8)).jobs
    found: Any = job.run_config["config"]
    for step in ("params", *path):
        found = found[step]
    assert (found, job.repeats, job.repeat) == (8, 8, 0)


def test_what_is_said_twice_is_refused_unless_it_is_the_same() -> None:
    (job,) = plan(TaskConfig("native", params(n_samples=4), repeats=4)).jobs
    assert job.repeats == 4
    with pytest.raises(ConfigError, match=r"evaluation.tasks\[0\].repeats: is 5, but config.params.n_samples is 4"):
        plan(TaskConfig("native", params(n_samples=4), repeats=5))
    with pytest.raises(ConfigError, match=r"seeds are 1 to 5: leave config.params.seed out"):
        plan(TaskConfig("seeded", params(seed=42), repeats=5))


def test_a_plan_without_repeats_names_none_of_it() -> None:
    single = plan(TaskConfig("ifeval"))
    assert not {"repeat", "reported"} & set(job_to_json(single.jobs[0]))
    several = plan(TaskConfig("plain", repeats=2))
    assert [job["repeat"] for job in plan_to_json(several)["jobs"]] == [1, 2]  # type: ignore[attr-defined,index]
    assert plan_from_json(plan_to_json(several)) == several
    assert several.jobs[0].reported == Expected(0.5)


def test_one_place_in_the_list_makes_all_repeats() -> None:
    tasks = (TaskConfig("ifeval"), TaskConfig("plain", repeats=2))
    assert [(job.position, job.repeat) for job in plan(*tasks, positions=[1]).jobs] == [(1, 1), (1, 2)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0.72", Expected(0.72)),
        ("72%", Expected(0.72)),
        ("0.72 +-0.03, https://a.b/c, page 3", Expected(0.72, 0.03, "https://a.b/c, page 3")),
        ("72 % ± 3, model card", Expected(0.72, 0.03, "model card")),
        ("0.72 +/- 3pp", Expected(0.72, 0.03)),
        ("8.31 +-0.1", Expected(8.31, 0.1)),
        ("-0.2", Expected(-0.2)),
        ("good", None),
        ("0.72 +-", None),
        ("", None),
        ("nan", None),
    ],
)
def test_what_others_report(text: str, found: Expected | None) -> None:
    parsed = parse_expected(text)
    assert (parsed is None) == (found is None)
    if parsed is not None and found is not None:
        assert (parsed.value, parsed.margin, parsed.source) == pytest.approx((found.value, found.margin, found.source))


def test_an_image_that_has_to_know_a_task_is_named_once() -> None:
    made = plan(TaskConfig("mine", repeats=3, container="lab/eval:1"))
    assert made.warnings == ("task mine is not in the catalog: lab/eval:1 has to know it",)
