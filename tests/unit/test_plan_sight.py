"""What a dry run says that the run will see, against the table of published sizes and an oracle."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from evaldock.core.catalog.catalog import Catalog
from evaldock.core.catalog.measure import Measure
from evaldock.core.catalog.model import TaskSpec
from evaldock.core.config.model import Config, Endpoint, Execution, TaskConfig
from evaldock.core.plan.make import make_plan
from evaldock.core.plan.sight import Past, sight
from evaldock.core.plan.spec import Plan
from evaldock.core.run.events import JobChanged, JobState
from evaldock.core.run.history import past_of
from evaldock.core.run.journal import JournalWriter
from evaldock.core.run.layout import create_run
from evaldock.core.run.pointers import register
from evaldock.core.run.score import Score
from evaldock.core.statistics.power import paired_error, repeats_needed, smallest_difference
from statsmodels.stats.power import NormalIndPower

COMMAND = ("run", "{url}")
SIZES = {"gpqa_diamond": 198, "humaneval": 164, "ifeval": 541, "gsm8k": 1319, "mmlu": 14_042}
CATALOG = Catalog(
    [
        *(TaskSpec(name, "lab", "lab/eval:1", command=COMMAND, samples=n) for name, n in SIZES.items()),
        TaskSpec("slow", "lab", "lab/eval:1", command=COMMAND, samples=50, measure=Measure(unit="seconds")),
        TaskSpec("unknown", "lab", "lab/eval:1", command=COMMAND),
    ]
)


def plan(*tasks: TaskConfig, invocation: str = "1a2b3c4d", out: Path = Path("/out")) -> Plan:
    endpoint = Endpoint(url="http://model.invalid/v1/chat/completions", model_id="m")
    return make_plan(Config({}, Execution(out), endpoint, tasks), CATALOG, invocation=invocation)


@pytest.mark.parametrize(
    ("task", "points"),
    [("humaneval", "9.8"), ("gpqa_diamond", "8.9"), ("ifeval", "5.4"), ("gsm8k", "3.4"), ("mmlu", "1.1")],
)
def test_the_smallest_difference_of_each_benchmark(task: str, points: str) -> None:
    (line,) = sight(plan(TaskConfig(task)), {})
    assert line.startswith(f"{task}  {SIZES[task]:,} samples: differences above about {points} pp")


def test_how_often_to_repeat_for_three_points() -> None:
    (line,) = sight(plan(TaskConfig("gpqa_diamond")), {})
    assert line == "gpqa_diamond  198 samples: differences above about 8.9 pp; for 3 pp repeat 9 times"
    (line,) = sight(plan(TaskConfig("gpqa_diamond", repeats=9)), {})
    assert line == "gpqa_diamond  198 samples x 9: differences above about 3 pp"
    (line,) = sight(plan(TaskConfig("mmlu")), {})
    assert "repeat" not in line


@pytest.mark.parametrize("n", [30, 164, 198, 541])
@pytest.mark.parametrize("discordant", [0.1, 0.2, 0.3])
def test_repeats_are_those_of_a_power_analysis(n: int, discordant: float) -> None:
    power = NormalIndPower(ddof=0)
    for difference in (0.01, 0.03, 0.1):
        pairs = power.solve_power(difference / discordant**0.5, alpha=0.05, power=0.8, ratio=0)
        assert abs(repeats_needed(discordant, n, difference) - pairs / n) < 1.01
    enough = repeats_needed(discordant, n, 0.03)
    assert smallest_difference(paired_error(discordant, n * enough)) <= 0.03
    assert enough == 1 or smallest_difference(paired_error(discordant, n * (enough - 1))) > 0.03


def test_the_first_samples_and_other_units() -> None:
    limited = TaskConfig("mmlu", {"config": {"params": {"limit_samples": 20}}})
    first, second = sight(plan(limited, TaskConfig("slow"), TaskConfig("unknown")), {})
    assert first == "mmlu  the first 20 samples, no estimate of the whole: differences above about 28 pp"
    assert second == "slow  50 samples"


def test_the_past_gives_size_time_and_tokens() -> None:
    planned = plan(TaskConfig("unknown", repeats=2))
    past = Past("aaaaaaaa.0", 400, 1, "fraction", False, 400, 1500.0, 240_000)
    (line,) = sight(planned, {planned.jobs[0].id: past})
    assert line.endswith("repeat 5 times; about 2 x 25 min, 480k tokens, as aaaaaaaa.0 took")
    assert "400 samples x 2" in line
    few = plan(TaskConfig("unknown", {"config": {"params": {"limit_samples": 40}}}))
    (line,) = sight(few, {few.jobs[0].id: past})
    assert "the first 40 samples" in line and line.endswith("about 2 min, 24k tokens, as aaaaaaaa.0 took")


def test_the_past_is_the_newest_run_of_the_same_model(tmp_path: Path) -> None:
    env = {"XDG_STATE_HOME": str(tmp_path / "state")}
    for number, (invocation, n) in enumerate((("aaaaaaaa", 300), ("bbbbbbbb", 400), ("cccccccc", None))):
        made = plan(TaskConfig("unknown"), invocation=invocation, out=tmp_path / "out")
        paths = create_run(made, {}, now=datetime(2026, 11, 23, 11, number, tzinfo=UTC))
        register(paths, invocation, env)
        state = JobState.SUCCEEDED if n else JobState.FAILED
        score = Score("acc", 0.5, n=n, unit="fraction") if n else None
        with JournalWriter(paths.journal) as journal:
            journal.append(JobChanged(f"{invocation}.0", 1, JobState.RUNNING, "2026-11-23T11:00:00.000Z", 1.0))
            journal.append(JobChanged(f"{invocation}.0", 1, state, "2026-11-23T11:10:00.000Z", 601.0, score=score))
    planned = plan(TaskConfig("unknown"), TaskConfig("mmlu"))
    assert past_of(planned, env) == {
        "1a2b3c4d.0": Past("bbbbbbbb.0", 400, 1, "fraction", False, 400, 600.0, None),
    }
    assert past_of(plan(TaskConfig("unknown"), invocation="dddddddd"), {"XDG_STATE_HOME": "/nowhere"}) == {}
