from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.catalog.catalog import Catalog
from evaldock.core.catalog.model import TaskSpec
from evaldock.core.config.model import (
    Config,
    ConfigError,
    Endpoint,
    EnvValue,
    Execution,
    MountSpec,
    Origin,
    RequestOptions,
    Resources,
    TaskConfig,
)
from evaldock.core.plan.make import make_plan
from evaldock.core.plan.spec import EnvRef, JobSpec, Plan

URL = "https://integrate.api.nvidia.com/v1/chat/completions"
CATALOG = Catalog(
    [
        TaskSpec(
            "sums",
            "mylab",
            "mylab/sums:1",
            command=(
                "run",
                "--u={url}",
                "{model_id}",
                "{task}",
                "{run_config}",
                "{results}",
                "{params.n}",
                "{{x}}",
                "{api_key_name}",
            ),
            params={"n": 3, "limit_samples": 7},
            result_format="json",
            result_file="s.json",
            primary_metric="acc",
        )
    ]
)


def plan(*tasks: TaskConfig | str, only: tuple[str, ...] = (), url: str = URL, **changes: Any) -> Plan:
    items = tuple(TaskConfig(t) if isinstance(t, str) else t for t in tasks)
    endpoint = {k: changes.pop(k) for k in ("model_id", "api_key_name", "type", "adapter_config") if k in changes}
    config = Config(
        tree={},
        execution=Execution(output_dir=Path("/out"), **changes),
        endpoint=Endpoint(url=url, **{"model_id": "meta/llama", **endpoint}),
        tasks=items,
    )
    return make_plan(config, CATALOG, invocation="0a1b2c3d", only=only)


def job(task: TaskConfig | str, **changes: Any) -> JobSpec:
    return plan(task, **changes).jobs[0]


def env(spec: JobSpec) -> dict[str, EnvRef]:
    return {ref.name: ref for ref in spec.env}


def refused(*tasks: TaskConfig | str, **changes: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        plan(*tasks, **changes)
    return [str(problem) for problem in caught.value.problems]


def test_the_quick_start_of_the_document() -> None:
    made = plan("ifeval", "gpqa_diamond", api_key_name="API_KEY")
    assert (made.invocation, made.output_dir, made.mode, made.workers) == ("0a1b2c3d", "/out", "parallel", 16)
    assert (made.pull, made.model_id, made.url, made.warnings) == ("missing", "meta/llama", URL, ())
    first, second = made.jobs
    assert (first.id, first.index, first.dir_name) == ("0a1b2c3d.0", 0, "ifeval")
    assert (second.id, second.task, second.harness) == ("0a1b2c3d.1", "gpqa_diamond", "simple_evals")
    assert first.image == "nvcr.io/nvidia/eval-factory/lm-evaluation-harness:26.03"
    assert first.digest.startswith("sha256:9593")
    assert first.command == ("nemo-evaluator", "run_eval", "--run_config", "/evaldock/run_config.yaml")
    assert first.run_config == {
        "config": {"type": "ifeval", "output_dir": "/results", "params": {}},
        "target": {"api_endpoint": {"url": URL, "type": "chat", "model_id": "meta/llama", "api_key_name": "API_KEY"}},
    }
    assert env(first)["API_KEY"] == EnvRef("API_KEY", EnvValue("host", "API_KEY"))
    assert env(second)["HF_TOKEN"] == EnvRef("HF_TOKEN", EnvValue("host", "HF_TOKEN"))


def test_sequential_runs_one_at_once() -> None:
    assert plan("ifeval", mode="sequential", max_parallel=8).workers == 1


def test_without_a_key_none_is_named() -> None:
    spec = job("ifeval")
    named = spec.run_config["target"]["api_endpoint"]["api_key_name"]  # type: ignore[index]
    assert env(spec)[named].value == EnvValue("lit", "none"), "client libraries refuse to start without any key"
    assert set(env(spec)) == {
        named,
        "PYTHONUNBUFFERED",
        "TINI_KILL_PROCESS_GROUP",
        "NEMO_EVALUATOR_TELEMETRY_LEVEL",
        "NEMO_EVALUATOR_SHUTDOWN_TIMEOUT_SECONDS",
    }
    assert not any(ref.secret for ref in spec.env)


@pytest.mark.parametrize(("grace", "wait"), [(10.0, "5"), (30.9, "25"), (3.0, "1"), (0.0, "1")])
def test_the_core_is_told_to_be_done_before_the_grace_ends(grace: float, wait: str) -> None:
    spec = job("ifeval", kill_grace=grace)
    assert env(spec)["NEMO_EVALUATOR_SHUTDOWN_TIMEOUT_SECONDS"].value == EnvValue("lit", wait)
    assert spec.kill_grace == grace


def test_variables_of_the_task_win() -> None:
    task = TaskConfig(
        "gpqa_diamond",
        env={
            "HF_TOKEN": EnvValue("host", "HF_TOKEN_FOR_GPQA_DIAMOND"),
            "API_KEY": EnvValue("runtime", "OTHER"),
            "NEMO_EVALUATOR_SHUTDOWN_TIMEOUT_SECONDS": EnvValue("lit", "9"),
            "SHARED": EnvValue("lit", "task"),
        },
    )
    spec = job(task, api_key_name="API_KEY", extra_docker_args="-e SHARED=args -e HOSTED -e PYTHONUNBUFFERED=0")
    found = env(spec)
    assert found["HF_TOKEN"].value == EnvValue("host", "HF_TOKEN_FOR_GPQA_DIAMOND")
    assert found["API_KEY"].value == EnvValue("runtime", "OTHER")
    assert found["NEMO_EVALUATOR_SHUTDOWN_TIMEOUT_SECONDS"].value.source == "9"
    assert found["SHARED"] == EnvRef("SHARED", EnvValue("lit", "task"), secret=True)
    assert found["HOSTED"].value == EnvValue("host", "HOSTED")
    assert found["PYTHONUNBUFFERED"].value.source == "0"
    assert len(found) == len(spec.env)


def test_what_the_user_set_is_in_the_run_config_and_defaults_are_not() -> None:
    user: dict[str, object] = {
        "config": {"params": {"limit_samples": 200, "extra": {"a": [1]}}, "output_dir": "/elsewhere", "type": "x"},
        "target": {"api_endpoint": {"stream": True, "model_id": "mine", "api_key_name": "MY_KEY"}},
        "metadata": {"k": "v"},
    }
    made = plan(TaskConfig("mmlu_pro", run_config=user), api_key_name="API_KEY")
    spec = made.jobs[0]
    assert spec.run_config == {
        "config": {
            "type": "x",
            "output_dir": "/results",
            "params": {"limit_samples": 200, "extra": {"a": [1]}},
        },
        "target": {
            "api_endpoint": {
                "url": URL,
                "type": "chat",
                "model_id": "mine",
                "api_key_name": "MY_KEY",
                "stream": True,
            }
        },
        "metadata": {"k": "v"},
    }
    assert (spec.samples, spec.model_id) == (200, "mine")
    assert "MY_KEY" in env(spec) and "API_KEY" not in env(spec)
    assert any("output_dir is always /results" in w for w in made.warnings)
    user["config"]["params"]["extra"]["a"].append(2)  # type: ignore[index]
    assert spec.run_config["config"]["params"]["extra"]["a"] == [1]  # type: ignore[index]


@pytest.mark.parametrize(("limit", "samples"), [(None, 500), (20, 20), (9999, 500), (0.1, 50), (0.0001, 1)])
def test_a_catalog_that_knows_the_whole_tells_the_number_of_samples(limit: float | None, samples: int) -> None:
    own = TaskSpec("own", "mylab", "lab/x:1", samples=500, progress=r"(\d+)")
    params = {} if limit is None else {"limit_samples": limit}
    task = TaskConfig("own", run_config={"config": {"params": params}})
    config = Config(tree={}, execution=Execution(Path("/out")), endpoint=Endpoint(URL, "m"), tasks=(task,))
    (spec,) = make_plan(config, Catalog([own]), invocation="0a1b2c3d").jobs
    assert (spec.samples, spec.progress) == (samples, r"(\d+)")


@pytest.mark.parametrize(
    ("limit", "samples"),
    [(5, 5), (0.5, 270), (600, 541), (True, 541), (None, 541), (0, 541), ("9", 541)],
)
def test_a_limit_applies_to_the_size_of_the_benchmark(limit: object, samples: int) -> None:
    spec = job(TaskConfig("ifeval", run_config={"config": {"params": {"limit_samples": limit}}}))
    # A verdict hangs only on what the config says itself: the image may hold another version of the data.
    assert (spec.samples, spec.estimated) == (samples, limit != 5)


@pytest.mark.parametrize(("limit", "samples"), [(5, 5), (0.5, None), (None, None)])
def test_a_benchmark_of_unknown_size_has_only_a_whole_limit(limit: object, samples: int | None) -> None:
    spec = job(TaskConfig("wikilingua", run_config={"config": {"params": {"limit_samples": limit}}}))
    assert spec.samples == samples


def test_own_data_is_of_unknown_size() -> None:
    assert job(TaskConfig("ifeval", dataset_dir="/data")).samples is None
    other = TaskConfig("ns_mmlu", run_config={"config": {"params": {"extra": {"dataset_split": "dev"}}}})
    assert job(other).samples is None
    part = TaskConfig("gsm8k_cot_instruct", run_config={"config": {"params": {"extra": {"downsampling_ratio": 0.1}}}})
    assert job(part).samples == 132


def test_each_sample_is_asked_as_often_as_its_task_does_by_default() -> None:
    spec = job(TaskConfig("AIME_2025"))
    assert (spec.samples, spec.repeats, spec.expected) == (30, 10, 300)
    once = job(TaskConfig("AIME_2025", run_config={"config": {"params": {"extra": {"n_samples": 1}}}}))
    assert once.expected == 30


def test_samples_of_several_requests_tell_no_number_of_answers() -> None:
    spec = job(TaskConfig("lm-evaluation-harness.mmlu"))
    assert (spec.samples, spec.expected) == (14042, None)


@pytest.mark.parametrize(
    ("extra", "repeats"),
    [({}, 1), ({"n_samples": 4}, 4), ({"num_repeats": 3}, 3), ({"n_samples": 0}, 1), ({"n_samples": "4"}, 1)],
)
def test_repeated_samples_are_more_answers(extra: dict[str, object], repeats: int) -> None:
    spec = job(TaskConfig("ifeval", run_config={"config": {"params": {"limit_samples": 5, "extra": extra}}}))
    assert (spec.samples, spec.repeats, spec.expected) == (5, repeats, 5 * repeats)


def test_how_the_proxy_asks_is_no_affair_of_the_container() -> None:
    endpoint: dict[str, object] = {"request_timeout": 5, "max_retries": 1, "max_concurrent": 2, "retry_backoff": 1}
    task = TaskConfig("ifeval", run_config={"target": {"api_endpoint": endpoint}}, requests=RequestOptions(5, 1, 2, 1))
    spec = job(task)
    assert spec.requests == RequestOptions(5, 1, 2, 1)
    assert not endpoint.keys() & spec.run_config["target"]["api_endpoint"].keys()  # type: ignore[index]


@pytest.mark.parametrize(
    ("wait", "options", "timeout"),
    [(3600, RequestOptions(), 3600), (30, RequestOptions(), 600), (3600, RequestOptions(90, waits_for_task=False), 90)],
)
def test_the_proxy_waits_as_long_as_the_task_unless_a_timeout_is_written(
    wait: int, options: RequestOptions, timeout: float
) -> None:
    run_config: dict[str, object] = {"config": {"params": {"request_timeout": wait}}}
    assert job(TaskConfig("ifeval", run_config=run_config, requests=options)).requests.request_timeout == timeout


def test_empty_sections_wipe_nothing_out() -> None:
    spec = job(TaskConfig("ifeval", run_config={"config": None, "target": {"api_endpoint": None}}))
    assert spec.run_config["config"] == {"type": "ifeval", "output_dir": "/results", "params": {}}
    assert spec.run_config["target"]["api_endpoint"]["url"] == URL  # type: ignore[index]


def test_two_runs_of_one_task_have_two_directories() -> None:
    names = [j.dir_name for j in plan("ifeval", "ifeval", "IFEval", "mmlu").jobs]
    assert names == ["ifeval", "ifeval.1", "IFEval.2", "mmlu"]


def test_a_typed_harness_is_part_of_the_directory() -> None:
    spec = job("lm-evaluation-harness.ifeval")
    assert (spec.task, spec.dir_name) == ("ifeval", "lm-evaluation-harness.ifeval")


def test_only_takes_names_and_positions() -> None:
    tasks = ("ifeval", "gpqa_diamond", "simple_evals.mmlu", "ifeval")
    assert [j.task for j in plan(*tasks, only=("ifeval",)).jobs] == ["ifeval", "ifeval"]
    assert [j.id for j in plan(*tasks, only=("GPQA-diamond", "ifeval.3")).jobs] == ["0a1b2c3d.0", "0a1b2c3d.1"]
    assert [j.task for j in plan(*tasks, only=("mmlu",)).jobs] == ["mmlu"]
    assert [j.task for j in plan(*tasks, only=("simple_evals.mmlu",)).jobs] == ["mmlu"]
    assert [j.task for j in plan(*tasks, only=("mmlu.2",)).jobs] == ["mmlu"]


@pytest.mark.parametrize("text", ["mmlu", "ifeval.1", "ifeval.9", "ifeval.", "", ".0", "ifeval.²"])
def test_only_names_what_there_is(text: str) -> None:
    (said,) = refused("ifeval", "gpqa_diamond", only=(text,))
    assert said == f"-t {text}: no such task in evaluation.tasks; there are ifeval, gpqa_diamond"


def test_an_empty_list_is_an_error() -> None:
    assert refused() == ["evaluation.tasks: the list is empty: name at least one task"]


def test_all_problems_come_at_once_with_their_places() -> None:
    said = refused(
        TaskConfig("ifevla", origin=Origin("c.yaml", 12, 7)),
        "ifeval",
        TaskConfig("nope.nope", origin=Origin("c.yaml", 14, 7)),
        extra_docker_args="--rm",
    )
    assert said[0].startswith("execution.extra_docker_args: --rm cannot be used here")
    assert said[1].startswith("c.yaml:12:7: evaluation.tasks[0].name: no task is called 'ifevla'. Did you mean ifeval")
    assert said[2].startswith("c.yaml:14:7: evaluation.tasks[2].name: no task is called 'nope.nope'")
    assert len(said) == 3


# task, written type, url -> type, whether it is warned about
TYPES = [
    ("ifeval", None, URL, "chat", False),
    ("gsm8k", None, URL, "completions", True),
    ("gsm8k", None, "http://h/v1/completions", "completions", False),
    ("mmlu", None, "http://h/v1/completions/", "completions", False),
    ("ifeval", None, "http://h/generate", "chat", False),
    ("gsm8k", None, "http://h/generate", "completions", False),
    ("gsm8k", "chat", URL, "chat", True),
    ("ocrbench", None, URL, "vlm", False),
    ("MMLU-Pro", "completions", URL, "completions", False),
]


@pytest.mark.parametrize(("task", "written", "url", "kind", "warned"), TYPES)
def test_the_endpoint_type(task: str, written: str | None, url: str, kind: str, warned: bool) -> None:
    for made in (plan(task, url=url, type=written), plan(TaskConfig(task, endpoint_type=written), url=url)):
        assert made.jobs[0].endpoint_type == kind
        assert made.jobs[0].run_config["target"]["api_endpoint"]["type"] == kind  # type: ignore[index]
        assert bool(made.warnings) is warned


def test_the_type_warning_names_both_types_the_url_and_a_way_out() -> None:
    (warning,) = plan("gsm8k", "gsm8k", url="https://me:pw@h/v1/chat/completions?k=v").warnings
    assert "gsm8k (lm-evaluation-harness) is made for a completions endpoint" in warning
    assert "https://h/v1/chat/completions is a chat endpoint" in warning
    assert "gsm8k_cot_instruct" in warning


def test_the_type_of_a_task_goes_before_that_of_the_endpoint() -> None:
    assert job(TaskConfig("mmlu", endpoint_type="completions"), type="chat").harness == "lm-evaluation-harness"


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("http://localhost:8080/v1/chat/completions", "http://host.docker.internal:8080/v1/chat/completions"),
        ("http://127.0.0.1/v1/chat/completions", "http://host.docker.internal/v1/chat/completions"),
        ("https://u:p@[::1]:1/v1/chat/completions?a=b", "https://u:p@host.docker.internal:1/v1/chat/completions?a=b"),
        ("http://0.0.0.0:1/chat/completions", "http://host.docker.internal:1/chat/completions"),
    ],
)
def test_loopback_is_seen_under_another_name(url: str, seen: str) -> None:
    made = plan("ifeval", url=url, proxy=False)
    assert plan("ifeval", url=url).warnings == (), "the proxy reaches it"
    assert made.jobs[0].run_config["target"]["api_endpoint"]["url"] == seen  # type: ignore[index]
    assert (made.url, made.jobs[0].url) == (url, url)
    assert len(made.warnings) == 1 and "0.0.0.0" in made.warnings[0] and "--network=host" in made.warnings[0]


@pytest.mark.parametrize(
    ("url", "args"),
    [
        ("http://localhost:1/v1/chat/completions", "--network=host"),
        ("http://localhost:1/v1/chat/completions", "--net container:x"),
        ("http://localhost.example.com/v1/chat/completions", ""),
        ("http://10.0.0.1:1/v1/chat/completions", ""),
        ("http://localhost:port/v1/chat/completions", ""),
    ],
)
def test_other_urls_stay(url: str, args: str) -> None:
    made = plan("ifeval", url=url, extra_docker_args=args)
    assert made.jobs[0].run_config["target"]["api_endpoint"]["url"] == url  # type: ignore[index]
    assert not made.warnings


def test_the_url_of_a_task_is_rewritten_too() -> None:
    task = TaskConfig(
        "ifeval", run_config={"target": {"api_endpoint": {"url": "http://localhost:9/v1/chat/completions"}}}
    )
    url = job(task).run_config["target"]["api_endpoint"]["url"]  # type: ignore[index]
    assert url == "http://host.docker.internal:9/v1/chat/completions"


@pytest.mark.parametrize("url", ["http://h:8000", "http://h:8000/", "http://h/v1", "http://h/v1/"])
def test_a_url_that_names_no_method_is_warned_about(url: str) -> None:
    assert "names no method" in plan("ifeval", url=url).warnings[0]


def test_a_missing_model_is_warned_about() -> None:
    made = plan("ifeval", model_id="")
    assert "model_id is not set" in made.warnings[0]
    assert "model_id" not in made.jobs[0].run_config["target"]["api_endpoint"]  # type: ignore[index]


INTERCEPTORS = [
    {"name": "reasoning", "config": {"start_reasoning_token": "<think>", "end_reasoning_token": "</think>"}},
    {"name": "caching", "config": {"cache_dir": "./evaluation_cache"}},
    {"name": "request_logging", "config": {"max_requests": 50}},
]


def adapter(spec: JobSpec) -> dict[str, Any]:
    return spec.run_config["target"]["api_endpoint"]["adapter_config"]  # type: ignore[index]


def test_interceptors_of_the_document_are_put_in_order() -> None:
    assert adapter(job("ifeval", adapter_config={"interceptors": INTERCEPTORS})) == {
        "interceptors": [
            {"name": "request_logging", "config": {"max_requests": 50}},
            {"name": "caching", "config": {"cache_dir": "/results/evaluation_cache"}},
            {"name": "endpoint"},
            {"name": "reasoning", "config": INTERCEPTORS[0]["config"]},
            {"name": "response_stats"},
        ]
    }
    assert INTERCEPTORS[1]["config"] == {"cache_dir": "./evaluation_cache"}


def test_order_inside_a_stage_stays_and_strangers_stay_behind_their_neighbour() -> None:
    written = ["response_stats", "mine", "system_message", "endpoint", "caching", "payload_modifier", "reasoning"]
    found = [i["name"] for i in adapter(job("ifeval", adapter_config={"interceptors": written}))["interceptors"]]
    assert found == [
        "system_message",
        "payload_modifier",
        "caching",
        "endpoint",
        "response_stats",
        "mine",
        "reasoning",
    ]


def test_a_disabled_endpoint_is_replaced_by_a_working_one() -> None:
    written = [{"name": "endpoint", "enabled": False}, {"name": "caching"}]
    found = adapter(job("ifeval", adapter_config={"interceptors": written}))["interceptors"]
    assert found == [{"name": "caching"}, {"name": "endpoint"}, {"name": "response_stats"}]


def test_the_adapter_config_of_a_task_lies_over_that_of_the_endpoint() -> None:
    task = TaskConfig(
        "ifeval",
        run_config={"target": {"api_endpoint": {"adapter_config": {"use_caching": False, "caching_dir": "c"}}}},
    )
    found = adapter(job(task, adapter_config={"use_caching": True, "use_reasoning": True}))
    assert found == {"use_caching": False, "use_reasoning": True, "caching_dir": "/results/c"}


@pytest.mark.parametrize(
    ("written", "seen"),
    [("a/b", "/results/a/b"), ("../../x", "/results/x"), ("..", "/results"), ("/abs", "/abs"), (".", "/results")],
)
def test_directories_stay_under_results(written: str, seen: str) -> None:
    items = [{"name": "caching", "config": {"cache_dir": written}}]
    assert adapter(job("ifeval", adapter_config={"interceptors": items}))["interceptors"][0]["config"] == {
        "cache_dir": seen
    }


def test_no_adapter_config_no_key() -> None:
    assert "adapter_config" not in job("ifeval", adapter_config={}).run_config["target"]["api_endpoint"]  # type: ignore[operator,index]


def test_a_command_of_ones_own_is_filled_in() -> None:
    made = plan(
        TaskConfig("sums", run_config={"config": {"params": {"n": [1, "b c"]}}}),
        url="http://localhost:1/v1/chat/completions",
        adapter_config={"use_caching": True},
        proxy=False,
    )
    spec = made.jobs[0]
    assert spec.command == (
        "run",
        "--u=http://host.docker.internal:1/v1/chat/completions",
        "meta/llama",
        "sums",
        "/evaldock/run_config.yaml",
        "/results",
        '[1, "b c"]',
        "{x}",
        "EVALDOCK_NO_API_KEY",
    )
    assert spec.samples == 7
    assert (spec.result_format, spec.result_file, spec.primary_metric) == ("json", "s.json", "acc")
    assert "adapter_config" not in spec.run_config["target"]["api_endpoint"]  # type: ignore[operator,index]
    assert any("adapter_config has no effect" in w for w in made.warnings)


@pytest.mark.parametrize(
    ("part", "said"),
    [("{params.absent}", "needs the parameter absent"), ("{nope}", "names {nope}; known are {model_id}")],
)
def test_a_command_that_cannot_be_filled_is_an_error(part: str, said: str) -> None:
    catalog = Catalog([TaskSpec("t", "h", "i", command=("x", part, '{"json": 1}'))])
    config = Config({}, Execution(Path("/o")), Endpoint("http://h/chat/completions", "m"), (TaskConfig("t"),))
    with pytest.raises(ConfigError, match=r"^evaluation\.tasks\[0\]: ") as caught:
        make_plan(config, catalog, invocation="i")
    assert said in str(caught.value)


def test_unlisted_tasks_are_named_as_the_core_finds_them() -> None:
    made = plan(
        TaskConfig("custom_one", container="me/img:1"),
        TaskConfig("lab.two", container="me/img:1"),
        TaskConfig("simple-evals.three", container="me/img:1"),
    )
    assert [j.run_config["config"]["type"] for j in made.jobs] == ["custom_one", "two", "simple_evals.three"]  # type: ignore[index]
    assert [(j.harness, j.image, j.digest) for j in made.jobs][1] == ("lab", "me/img:1", "")
    assert [j.dir_name for j in made.jobs] == ["custom_one", "lab.two", "simple-evals.three"]
    assert all("not in the catalog" in w for w in made.warnings)


def test_container_settings_come_together() -> None:
    spec = job(
        TaskConfig("ifeval", dataset_dir="/data/set", user="5:5", timeout=60, container="i:1"),
        mounts=(MountSpec("/cache", "/root/.cache"),),
        resources=Resources(cpus=2, memory=1 << 30),
        extra_docker_args="--gpus all -m 2g -v /a:/b:ro --user 7 --ipc=host",
        timeout=5.0,
    )
    assert spec.resources == Resources(cpus=2, memory=2 << 30, gpus="all")
    assert spec.mounts == (
        MountSpec("/cache", "/root/.cache"),
        MountSpec("/a", "/b", True),
        MountSpec("/data/set", "/datasets", True),
    )
    assert env(spec)["NEMO_EVALUATOR_DATASET_DIR"] == EnvRef(
        "NEMO_EVALUATOR_DATASET_DIR", EnvValue("lit", "/datasets"), secret=False
    )
    assert (spec.docker.user, spec.docker.ipc, spec.timeout) == ("5:5", "host", 60)
    assert job("ifeval", timeout=5.0).timeout == 5.0
    own = replace(TaskConfig("ifeval"), resources=Resources(cpus=1, pids=9))
    assert job(own, extra_docker_args="--shm-size 1g").resources == Resources(cpus=1, pids=9, shm_size=1 << 30)


def test_mounts_that_collide_are_refused() -> None:
    assert (
        "two mounts want the place /datasets"
        in refused(TaskConfig("ifeval", dataset_dir="/d"), extra_docker_args="-v /x:/datasets/")[0]
    )
    assert (
        "/results in the container is needed by evaldock"
        in refused(TaskConfig("ifeval", dataset_dir="/d", dataset_mount_path="/results"))[0]
    )
    assert "execution.mounts" in refused("ifeval", mounts=(MountSpec("/a", "/evaldock/logs"),))[0]


def test_a_thousand_tasks_are_planned_and_all_differ() -> None:
    started = time.perf_counter()
    tasks = [
        TaskConfig(t.full_name, run_config={"config": {"params": {"a": 1}}}) for t in CATALOG.tasks if not t.command
    ]
    made = plan(*(tasks * 3)[:1000])
    # A guard against quadratic work, far above the budget that the benchmarks hold.
    assert time.perf_counter() - started < 5
    assert len({j.dir_name for j in made.jobs}) == len({j.id for j in made.jobs}) == 1000


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("simple_evals.mmlu", "does not use config.params.extra.colour; it knows add_system_prompt, args"),
        ("aa_lcr", "does not use config.params.extra.colour; it knows"),
    ],
)
def test_settings_that_a_command_never_uses_are_named(task: str, said: str) -> None:
    extra = {"n_samples": 1, "colour": "red", "args": "-x", "judge": {}} if task != "aa_lcr" else {"colour": 1}
    made = plan(TaskConfig(task, run_config={"config": {"params": {"extra": extra}}}))
    assert any(said in warning for warning in made.warnings)
    assert not any("n_samples, " in w.partition(";")[0] for w in made.warnings)


@pytest.mark.parametrize(
    ("judge", "warned"),
    [
        ({"url": "https://judge/v1", "api_key": "KEY"}, True),
        ({"url": "https://judge/v1", "api_key": "JUDGE_API_KEY"}, False),
        ({"url": URL, "api_key": "KEY"}, False),
        ({"url": "https://judge/v1"}, False),
        ({"inner": {"url": "http://[", "api_key": "KEY"}}, True),
    ],
)
def test_a_judge_elsewhere_with_the_key_of_the_endpoint_is_told(judge: dict[str, object], warned: bool) -> None:
    task = TaskConfig("AIME_2025", run_config={"config": {"params": {"extra": {"judge": judge}}}})
    endpoint = Endpoint(URL, "m", api_key_name="KEY")
    config = Config(tree={}, execution=Execution(Path("/out")), endpoint=endpoint, tasks=(task,))
    made = make_plan(config, Catalog(), invocation="0a1b2c3d")
    assert any("a token for the endpoint alone" in warning for warning in made.warnings) == warned
