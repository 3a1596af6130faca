from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from evaldock.core.catalog.catalog import Catalog
from evaldock.core.config.model import (
    Config,
    ConfigProblem,
    Endpoint,
    EnvValue,
    Execution,
    OverrideChange,
    RequestOptions,
    TaskConfig,
)
from evaldock.core.plan.codec import plan_to_json
from evaldock.core.plan.environ import missing_env
from evaldock.core.plan.make import make_plan
from evaldock.core.plan.mask import masked_override, masked_plan, masked_text, masked_tree
from evaldock.core.plan.render import docker_run_line, render_plan
from evaldock.core.plan.trees import yaml_text

SECRET = "s3cretvalue-9000"
TREE: dict[str, object] = {
    "execution": {"output_dir": "/out", "extra_docker_args": f"-e DB_PASS='{SECRET}' --ipc=host"},
    "target": {
        "api_endpoint": {
            "url": f"https://me:{SECRET}@h/v1/chat/completions?api_key={SECRET}&x=1",
            "api_key_name": "API_KEY",
            "adapter_config": {
                "headers_to_add": {"Authorization": f"Bearer {SECRET}", "X-Api-Key": SECRET, "Accept": "json"},
                "start_reasoning_token": "<think>",
            },
        }
    },
    "evaluation": {
        "env_vars": {"HF_TOKEN": f"lit:{SECRET}", "API_TOKEN": "host:OTHER_NAME"},
        "tasks": [{"name": "gpqa_diamond", "password": "${oc.env:PW}", "note": f"nvapi-{SECRET}"}],
    },
}
CONFIG = Config(
    tree=TREE,
    execution=Execution(Path("/out")),
    endpoint=Endpoint("https://h/v1/chat/completions", "m", "API_KEY"),
    tasks=(
        TaskConfig(
            "gpqa_diamond",
            env={"HF_TOKEN": EnvValue("host", "HF_TOKEN_FOR_GPQA"), "LIT": EnvValue("lit", SECRET + "x")},
        ),
        TaskConfig("gsm8k", env={"MAYBE": EnvValue("runtime", "MAYBE")}),
    ),
    sources=(Path("/conf/a.yaml"),),
    changes=(
        OverrideChange("execution.mode=sequential", "execution.mode", None, "sequential"),
        OverrideChange(f"+env_vars.X=lit:{SECRET}", "env_vars.X", "host:X", f"lit:{SECRET}"),
        OverrideChange(f"judge.api_key={SECRET}", "judge.api_key", SECRET, SECRET),
        OverrideChange("a.b=[1]", "a.b", {"c": 1}, [1]),
    ),
    warnings=(ConfigProblem("an old key", "execution.env_vars"),),
)


def render(env: dict[str, str], config: Config = CONFIG) -> str:
    return render_plan(config, make_plan(config, Catalog(), invocation="0a1b2c3d"), env)


def test_no_secret_is_shown_and_the_rest_is() -> None:
    text = render({"API_KEY": SECRET, "HF_TOKEN_FOR_GPQA": "hf-real-token", "PW": SECRET})
    assert SECRET not in text
    assert "hf-real-token" not in text
    for shown in (
        "# from /conf/a.yaml",
        "api_key_name: API_KEY",
        "start_reasoning_token: <think>",
        "HF_TOKEN: lit:***",
        "API_TOKEN: host:OTHER_NAME",
        "password: ${oc.env:PW}",
        "url: https://***@h/v1/chat/completions?api_key=***&x=1",
        "Accept: json",
        "-e DB_PASS=*** --ipc=host",
    ):
        assert shown in text, shown


def test_the_sections_come_in_order() -> None:
    text = render({})
    heads = [line for line in text.splitlines() if line and not line.startswith(" ")]
    assert heads == ["config", "overrides", "run", "sees", "job 0a1b2c3d.0", "job 0a1b2c3d.1", "warnings", "missing"]
    assert text.endswith("\n") and "\x1b" not in text
    assert "  directory   /out/YYYYMMDD_HHMMSS-0a1b2c3d\n" in text
    assert "  jobs        2 jobs, parallel, at most 16 at once\n" in text


def test_overrides_are_shown_as_a_difference() -> None:
    text = render({})
    assert "  -o execution.mode=sequential\n    + execution.mode: sequential\n" in text
    assert "  -o +env_vars.X=lit:***\n    - env_vars.X: host:X\n    + env_vars.X: lit:***\n" in text
    assert "  -o judge.api_key=***\n    - judge.api_key: ***\n    + judge.api_key: ***\n" in text
    assert '    - a.b: {"c": 1}\n    + a.b: [1]\n' in text


def test_a_job_shows_image_line_and_environment() -> None:
    plan = make_plan(CONFIG, Catalog(), invocation="0a1b2c3d")
    text = render_plan(CONFIG, plan, {"API_KEY": "k"}, run_dir="/known/run")
    job = plan.jobs[0]
    assert f"  image  {job.image}@{job.digest}\n" in text
    assert f"  {docker_run_line(job, '/known/run')}\n" in text
    assert "  task   gpqa_diamond (simple_evals, chat)\n" in text
    table = [line.split(None, 3)[1:] for line in text.splitlines() if line.startswith("  env ")]
    assert ["HF_TOKEN", "missing", "from HF_TOKEN_FOR_GPQA"] in table
    assert ["LIT", "set"] in table
    assert ["API_KEY", "set"] in table
    assert ["MAYBE", "missing", "may be unset"] in table
    assert ["PYTHONUNBUFFERED", "set", "to 1"] in table


def test_warnings_of_config_and_plan_are_both_shown() -> None:
    text = render({"API_KEY": "k", "HF_TOKEN_FOR_GPQA": "t"})
    assert "  - execution.env_vars: an old key\n" in text
    assert "  - task gsm8k (lm-evaluation-harness) is made for a completions endpoint" in text
    assert "\nmissing\n" not in text


def test_missing_variables_are_named_once_with_their_tasks() -> None:
    plan = make_plan(CONFIG, Catalog(), invocation="i")
    said = [str(p) for p in missing_env(plan, {"HF_TOKEN": "x", "API_KEY": ""})]
    assert said[0].startswith(
        "env_vars: the environment variable HF_TOKEN_FOR_GPQA is not set or empty; "
        "task gpqa_diamond (as HF_TOKEN) needs it. Set it (export HF_TOKEN_FOR_GPQA=...)"
    )
    assert "API_KEY is not set or empty; tasks gpqa_diamond, gsm8k need it" in said[1]
    assert len(said) == 2
    assert missing_env(plan, {"HF_TOKEN_FOR_GPQA": "x", "API_KEY": "y"}) == []


def test_what_the_catalog_requires_is_missing_too() -> None:
    tasks = tuple(TaskConfig("hle") for _ in range(5))
    config = replace(CONFIG, tasks=tasks, endpoint=Endpoint("https://h/v1/chat/completions", "m"))
    (problem,) = missing_env(make_plan(config, Catalog(), invocation="i"), {})
    assert problem.message.split()[3] == "HF_TOKEN"
    assert "task hle needs it" in problem.message


def test_control_characters_do_not_reach_the_screen() -> None:
    task = TaskConfig("x\x1b]52;c;eA==\x07y", container="img\x9b:1")
    text = render({}, replace(CONFIG, tree={"k": "a\x1b[2Jb"}, tasks=(task,)))
    assert not set(text) & {chr(c) for c in (*range(9), *range(11, 32), *range(127, 160))}


def test_a_known_value_is_hidden_wherever_it_stands() -> None:
    config = replace(CONFIG, tree={"note": "see plainvalue12 there"})
    assert "see *** there" in render({"API_KEY": "plainvalue12", "HF_TOKEN_FOR_GPQA": "x"}, config)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sk-abcdefghijkl", "***"),
        ("x hf_abcdefghijklmnop y", "x *** y"),
        ("Bearer abcdef123", "Bearer ***"),
        ("lit:a b\nc", "lit:***"),
        ('--ipc=host -e A="b c" -e D', "--ipc=host -e A=*** -e D"),
        ("--env=A=b --env B=c -eC=d", "--env=A=*** --env B=*** -eC=***"),
        ("http://h/v1?token=abc&b=c", "http://h/v1?token=***&b=c"),
        ("split: a", "split: a"),
        ("task-sk-ip", "task-sk-ip"),
    ],
)
def test_texts_are_masked_by_shape(text: str, shown: str) -> None:
    assert masked_text(text) == shown


def test_masking_leaves_other_values_and_the_tree_alone() -> None:
    tree: dict[str, object] = {"token": 5, "a": [1, None, {"secret": "x"}], "api_key": "", "n": 1e-7}
    assert masked_tree(tree) == {"token": 5, "a": [1, None, {"secret": "***"}], "api_key": "", "n": 1e-7}
    assert tree["a"] == [1, None, {"secret": "x"}]
    assert masked_override("~a.b", "a.b") == "~a.b"


def test_how_the_proxy_asks_is_shown() -> None:
    adapter: dict[str, object] = {"interceptors": ["reasoning", {"name": "caching", "enabled": False}]}
    options = RequestOptions(request_timeout=90, max_retries=1, max_concurrent=4, retry_backoff=2)
    endpoint = replace(CONFIG.endpoint, adapter_config=adapter, requests=options)
    own = TaskConfig("gsm8k", requests=RequestOptions(max_retries=0))
    config = replace(CONFIG, endpoint=endpoint, tasks=(*CONFIG.tasks[:1], own))
    text = render({}, config)
    assert "proxy  timeout 90 s, 1 retry, the first after 2 s, at most 4 requests at once" in text
    assert "proxy  timeout 600 s, no retries\n" in text
    assert text.count("via    reasoning, endpoint") == 2
    direct = render({}, replace(config, execution=Execution(Path("/out"), proxy=False)))
    assert "timeout 90 s" not in direct and "via" not in direct


def test_a_plan_shown_as_json_holds_no_secret() -> None:
    adapter: dict[str, object] = {"params_to_add": {"a": 1}, "headers_to_add": {"Authorization": f"Bearer {SECRET}"}}
    config = replace(CONFIG, endpoint=replace(CONFIG.endpoint, adapter_config=adapter))
    plan = make_plan(config, Catalog(), invocation="0a1b2c3d")
    assert SECRET in json.dumps(plan_to_json(plan)), "what runs needs it"
    shown = json.dumps(masked_plan(plan_to_json(plan)))
    assert SECRET not in shown
    assert '"api_key_name": "API_KEY"' in shown and '"source": "HF_TOKEN_FOR_GPQA"' in shown
    assert '"params_to_add": {"a": 1}' in shown and '"source": "1"' in shown


def test_half_a_character_in_a_config_is_written_as_an_escape() -> None:
    assert yaml_text({"execution": "\ud800"}) == 'execution: "\\uD800"\n'
