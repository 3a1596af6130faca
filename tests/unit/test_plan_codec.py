from __future__ import annotations

import json
import typing
from typing import Any

import pytest
from evaldock.core.catalog.expected import Expected
from evaldock.core.config.model import EnvValue, RequestOptions, Resources
from evaldock.core.plan.codec import PlanDamaged, PlanTooNew, plan_from_json, plan_to_json
from evaldock.core.plan.spec import DockerOptions, EnvRef, JobSpec, Plan
from hypothesis import given, settings
from hypothesis import strategies as st

TEXT = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TREES = st.dictionaries(TEXT, JSON, max_size=3)
WHOLE = st.integers(-(1 << 62), 1 << 62)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
BY_HINT: dict[Any, st.SearchStrategy[Any]] = {
    int: WHOLE,
    float: NUMBERS,
    int | None: st.none() | WHOLE,
    float | None: st.none() | NUMBERS,
    dict[str, object]: TREES,
}


def built(kind: type[Any], **given_fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of a dataclass with numbers as JSON and Docker know them."""
    hints = typing.get_type_hints(kind).items()
    return st.builds(kind, **{name: BY_HINT.get(hint, st.from_type(hint)) for name, hint in hints} | given_fields)


BY_HINT[Expected | None] = st.none() | built(Expected)
VALUES = st.builds(EnvValue, st.sampled_from(["host", "lit", "runtime"]), TEXT)
JOBS = built(
    JobSpec,
    env=st.lists(st.builds(EnvRef, TEXT, VALUES, st.booleans()), max_size=2).map(tuple),
    docker=built(DockerOptions),
    resources=built(Resources),
    requests=built(RequestOptions),
)
PLANS = built(Plan, jobs=st.lists(JOBS, max_size=2).map(tuple))


def through(plan: Plan) -> Plan:
    return plan_from_json(json.loads(json.dumps(plan_to_json(plan))))


@settings(max_examples=150)
@given(PLANS)
def test_a_plan_comes_back_as_it_went(plan: Plan) -> None:
    assert through(plan) == plan


def small() -> Plan:
    job = JobSpec("i.0", 0, "t", "h", "img", "", "chat", "u", "m", ("run",), "t", run_config={"a": [1]})
    return Plan("i", "/o", "parallel", 1, "missing", "m", "u", (job,))


def test_types_come_back_too() -> None:
    job = through(small()).jobs[0]
    assert isinstance(job, JobSpec)
    assert job.command == ("run",)
    assert isinstance(job.docker, DockerOptions)


def test_a_newer_version_may_add_keys_and_an_older_one_may_lack_them() -> None:
    data: dict[str, Any] = plan_to_json(small())
    assert data["schema"] == 1
    data["novelty"] = 1
    data["jobs"][0]["novelty"] = {"x": 1}
    del data["warnings"], data["jobs"][0]["samples"], data["jobs"][0]["docker"]
    assert plan_from_json(data) == small()


def test_the_json_shares_nothing_with_the_plan() -> None:
    plan = small()
    data: dict[str, Any] = plan_to_json(plan)
    data["jobs"][0]["run_config"]["a"].append(2)
    assert plan.jobs[0].run_config == {"a": [1]}


def without(*path: str | int) -> dict[str, Any]:
    data: dict[str, Any] = plan_to_json(small())
    here: Any = data
    for part in path[:-1]:
        here = here[part]
    del here[path[-1]]
    return data


def with_value(value: object, *path: str | int) -> dict[str, Any]:
    data: dict[str, Any] = plan_to_json(small())
    here: Any = data
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value
    return data


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "plan is not an object"),
        ({}, "plan.invocation is missing"),
        (without("jobs", 0, "image"), r"plan.jobs\[0\].image is missing"),
        ({**plan_to_json(small()), "jobs": 3}, "plan.jobs is not a list"),
        ({**plan_to_json(small()), "jobs": [1]}, r"plan.jobs\[0\] is not an object"),
        (with_value(None, "url"), "plan.url is not text"),
        (with_value("yes", "proxy"), "plan.proxy is neither true nor false"),
        (with_value("often", "pull"), "plan.pull is none of missing, always, never"),
        (with_value(True, "workers"), "plan.workers is not a whole number"),
        (with_value(10**400, "workers"), "plan.workers is not a whole number"),
        (with_value([1], "jobs", 0, "command"), r"plan.jobs\[0\].command\[0\] is not text"),
        (with_value([], "jobs", 0, "adapter"), r"plan.jobs\[0\].adapter is not an object"),
        (with_value(float("nan"), "jobs", 0, "timeout"), r"plan.jobs\[0\].timeout is not a number"),
        (with_value(10**400, "jobs", 0, "kill_grace"), r"plan.jobs\[0\].kill_grace is not a whole number"),
    ],
)
def test_damage_is_said_with_its_place(data: Any, said: str) -> None:
    with pytest.raises(PlanDamaged, match=said):
        plan_from_json(data)


def test_a_plan_in_a_later_format_is_told_from_a_damaged_one() -> None:
    with pytest.raises(PlanTooNew, match="written in format 2"):
        plan_from_json({"schema": 2, "jobs": "elsewhere"})
