"""Tasks are found by a few letters, and what an image lists is understood."""

from __future__ import annotations

import pytest
import yaml
from evaldock.core.catalog.catalog import Catalog
from evaldock.core.catalog.example import example_config
from evaldock.core.catalog.listing import parse_listing
from evaldock.core.catalog.load import load_catalog
from evaldock.core.catalog.model import CatalogError, TaskSpec
from evaldock.core.catalog.search import search
from evaldock.core.config.load import load_config
from evaldock.core.plan.make import make_plan

TASKS = Catalog().tasks


def names(*words: str) -> list[str]:
    return [task.full_name for task in search(TASKS, words)]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["gsm8k"], "lm-evaluation-harness.gsm8k"),
        (["GSM8K-cot", "instruct"], "lm-evaluation-harness.gsm8k_cot_instruct"),
        (["gsmi"], "lm-evaluation-harness.gsm8k_cot_instruct"),
        (["simple", "gpqa_d"], "simple_evals.gpqa_diamond"),
        (["hellswag"], "lm-evaluation-harness.hellaswag"),
        (["lcb"], "livecodebench.livecodebench_0724_0125"),
        (["codec.ifeval"], "codec.ifeval"),
        (["?feval"], "lm-evaluation-harness.ifeval"),
    ],
)
def test_the_best_comes_first(words: list[str], first: str) -> None:
    assert names(*words)[0] == first


def test_exact_names_come_before_beginnings_and_those_before_parts() -> None:
    found = names("mmlu")
    assert found[:2] == ["lm-evaluation-harness.mmlu", "simple_evals.mmlu"]
    assert found.index("lm-evaluation-harness.mmlu_pro") < found.index("lm-evaluation-harness.global_mmlu")


def test_guesses_come_only_when_nothing_has_the_letters_together() -> None:
    assert all("gsm" in name for name in names("gsm"))
    assert names("zzzz") == []
    assert names("gsm", "zzzz") == []
    assert search(TASKS, ["  "]) == list(TASKS)


def test_what_an_image_lists_is_joined_with_what_the_catalog_knows() -> None:
    text = "[I 2026] Total: 1\nifbench: \n  * ifbench\n  * brand_new\nother: \n  * x\n"
    found = parse_listing(text, "lab/image:1", Catalog())
    assert [(task.full_name, task.image, task.digest) for task in found] == [
        ("ifbench.ifbench", "lab/image:1", ""),
        ("ifbench.brand_new", "lab/image:1", ""),
        ("other.x", "lab/image:1", ""),
    ]
    assert found[0].params == {
        "parallelism": 8,
        "max_new_tokens": 4096,
        "max_retries": 5,
        "temperature": 0.01,
        "top_p": 0.95,
    }


@pytest.mark.parametrize("text", ["", "error: no such command\n  * item\n", "  * stray\n"])
def test_an_image_that_lists_nothing(text: str) -> None:
    with pytest.raises(CatalogError, match="does not list its tasks"):
        parse_listing(text, "lab/image:1", Catalog())


@pytest.mark.parametrize("name", ["gpqa_diamond", "mmlu", "ocrbench"])
def test_the_example_of_a_task_plans_it(name: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    catalog = load_catalog(env={"XDG_CONFIG_HOME": str(tmp_path)})
    spec = catalog.resolve(name)
    path = tmp_path / "c.yaml"
    path.write_text(example_config(spec, spec.full_name))
    (job,) = make_plan(load_config(path=path, env={}), catalog, invocation="0a1b2c3d").jobs
    assert (job.harness, job.task, job.samples) == (spec.harness, spec.name, 10)
    unlisted = TaskSpec("t", "h", "lab/image:1", listed=False)
    assert yaml.safe_load(example_config(unlisted, "t"))["evaluation"]["tasks"][0]["container"] == "lab/image:1"
