"""Each mistake gets one sentence with its place, and all mistakes of a file come together."""

from __future__ import annotations

import pytest
from config_kit import Complain

OUT = "  output_dir: out\n"
URL = "    url: http://localhost:8080/v1/chat/completions\n"
TASK = "    - name: ifeval\n"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (OUT, "", "c.yaml:1:1: execution.output_dir: is missing; expected a directory for results"),
        (OUT, "  output_dir: ???\n", "c.yaml:2:15: execution.output_dir: is mandatory and has no value; set it"),
        (OUT, "  output_dir: ''\n", "c.yaml:2:15: execution.output_dir: is an empty text; expected a directory"),
        (OUT, "  output_dir:\n", "c.yaml:2:14: execution.output_dir: is empty (null); expected a directory"),
        (OUT, "  output_dir: 012\n", 'execution.output_dir: YAML reads 012 as the number 10; write "012" in quotes'),
        (OUT, "  output_dir: 12:30\n", "YAML reads 12:30 as the number 750"),
        (OUT, "  output_dir: on\n", "YAML reads on as the boolean true"),
        (OUT, "  output_dir: 2024\n", "is the number 2024; expected a directory for results; write it in quotes"),
        (OUT, "  output_dir: [a]\n", "c.yaml:2:15: execution.output_dir: is a list; expected a directory"),
        (OUT, OUT + "  output_dir: b\n", "c.yaml:3:3: execution.output_dir: is given twice; the first is in line 2"),
        (OUT, OUT + "  mode: paralel\n", "expected parallel or sequential; did you mean 'parallel'?"),
        (OUT, OUT + "  moed: parallel\n", "c.yaml:3:3: execution.moed: unknown key; did you mean 'mode'?"),
        (OUT, OUT + "  max_parallel: 0\n", "is the number 0; expected a whole number from 1 to 1024"),
        (
            OUT,
            OUT + "  max_parallel: '4'\n",
            "is the text '4'; expected a whole number from 1 to 1024; write it without",
        ),
        (OUT, OUT + "  max_parallel: 010\n", "YAML reads 010 as the number 8, in base 8"),
        (OUT, OUT + "  max_parallel: 1.5\n", "is the number 1.5; expected a whole number"),
        (OUT, OUT + "  max_parallel: yes\n", "is the boolean true; expected a whole number"),
        (OUT, OUT + "  timeout: 1:30\n", "YAML reads 1:30 as the number 90, in base 60"),
        (OUT, OUT + "  timeout: soon\n", "expected seconds, or a text such as 90s, 30m, 2h or 1h30m"),
        (OUT, OUT + "  timeout: 0\n", "is the number 0; expected seconds"),
        (OUT, OUT + "  timeout: 0s\n", "must be greater than 0 seconds"),
        (OUT, OUT + "  kill_grace: -1\n", "is the number -1; expected seconds"),
        (OUT, OUT + "  kill_grace: .inf\n", "'.inf' is not a number that evaldock can hold"),
        (OUT, OUT + "  max_parallel: 99999999999999999999\n", "is not a number that evaldock can hold"),
        (OUT, OUT + "  resources: {memory: lots}\n", "execution.resources.memory: is the text 'lots'; expected a size"),
        (OUT, OUT + "  resources: {memry: 8g}\n", "did you mean 'memory'?"),
        (OUT, OUT + "  mounts: {evaluation: {/a: b}}\n", "expected an absolute path in the container"),
        (OUT, OUT + "  mounts: {evaluation: {/a: /c, /b: /c/}}\n", "mounts at /c, where /a is mounted already"),
        (OUT, OUT + "  mounts: {evaluation: {'/a:b': /c}}\n", "a host path with ':' cannot be mounted"),
        (OUT, OUT + "  env_vars: {}\n", "execution.env_vars: unknown key; put env_vars at the top of the config"),
        (OUT, OUT + "  tasks: []\n", "execution.tasks: unknown key; 'tasks' belongs under evaluation"),
        (OUT, OUT + "\tmode: parallel\n", "c.yaml:3:1: a tab stands where YAML allows only spaces"),
        (OUT, OUT + "  mode: 'par\n", "is not valid YAML"),
        (OUT, OUT + "  mode: !!python/name:os.system x\n", "the tag tag:yaml.org,2002:python/name:os.system is not"),
        (OUT, OUT + "  mode: *nope\n", "no anchor &nope comes before *nope"),
        (OUT, OUT + "  mode: &me [*me]\n", "*me refers to itself"),
        (OUT, OUT + "  ? [a]\n  : b\n", "a key must be plain text"),
        (OUT, OUT + "  '': b\n", "a key is empty"),
        (OUT, OUT + "  mode: \x1b[2J\n", "control character"),
        (OUT, OUT + "  mode: " + "[" * 70 + "]" * 70 + "\n", "is nested more than 64 levels deep"),
        (OUT, OUT + '  extra_docker_args: "a\\0"\n', "contains a NUL character"),
        (URL, "", "c.yaml:4:3: target.api_endpoint.url: is missing; expected an address such as http://localhost:8000"),
        (URL, "    url: localhost:8080\n", "is the text 'localhost:8080'; expected an address such as http://"),
        (URL, "    url: http://[::1\n", "expected an address"),
        (URL, "    url: http://a:99999999/\n", "expected an address"),
        (
            URL,
            URL + "    modle_id: x\n",
            "c.yaml:6:5: target.api_endpoint.modle_id: unknown key; did you mean 'model_id'?",
        ),
        (URL, URL + "    type: chatt\n", "did you mean 'chat'?"),
        (URL, URL + "    api_key_name: not-a-name\n", "expected the name of an environment variable such as API_KEY"),
        (URL, URL + "    adapter_config: {interceptors: [{config: {}}]}\n", "interceptors[0].name: is missing"),
        (
            TASK,
            "    - ifeval\n",
            "c.yaml:8:7: evaluation.tasks[0]: is the text 'ifeval'; expected a mapping such as 'name",
        ),
        (TASK, "    - nam: x\n", "c.yaml:8:7: evaluation.tasks[0].nam: unknown key; did you mean 'name'?"),
        (TASK, "    - name: a b\n", "is the text 'a b'; expected the name of a task"),
        (TASK, '    - name: "ifeval\\n"\n', "is the text 'ifeval\\n'; expected the name of a task"),
        (TASK, TASK + TASK, "c.yaml:9:7: evaluation.tasks[1]: is the same as evaluation.tasks[0] in everything"),
        (TASK, TASK + "      pre_cmd: [ls]\n", "evaluation.tasks[0].pre_cmd: is a list; expected a shell command"),
        (TASK, TASK + "      dataset_mount_path: data\n", "expected an absolute path in the container"),
        (TASK, TASK + "      overrides: {config.params.limit_sample: 5}\n", "did you mean 'limit_samples'?"),
        (
            TASK,
            TASK + "      overrides: {limit_samples: 5}\n",
            "belongs under a task's overrides, as config.params.limit",
        ),
        (TASK, TASK + "      overrides: {config..x: 5}\n", "is not a dotted path such as config.params.x"),
        (
            TASK,
            TASK + "      overrides: {config.params.top_p: 1, config: {params: {top_p: 1}}}\n",
            "config: is given twice, in two spellings",
        ),
        (TASK, TASK + "      env_vars: {A: 5}\n", "env_vars.A: is a number; expected the name of a host variable"),
        (
            TASK,
            TASK + "      env_vars: {A: ''}\n",
            "env_vars.A: is empty; expected the name of a host variable such as A",
        ),
        (TASK, TASK + "      env_vars: {A: $TOKEN}\n", "is written like a shell reference; write host:TOKEN"),
        (TASK, TASK + "      env_vars: {A-B: C}\n", "is not a usable name; expected a variable name such as HF_TOKEN"),
        (
            "evaluation:\n",
            "evalution: {}\nevaluation:\n",
            "c.yaml:6:1: evalution: unknown key; did you mean 'evaluation'?",
        ),
    ],
)
def test_one_mistake_one_sentence(complain: Complain, minimal: str, old: str, new: str, line: str) -> None:
    assert old in minimal
    lines = complain(minimal.replace(old, new))
    found = [said for said in lines if line in said]
    assert len(found) == 1, lines
    assert found[0].startswith("c.yaml:")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", {"execution.output_dir", "target.api_endpoint.url", "evaluation.tasks"}),
        ("# only a comment\n", {"execution.output_dir", "target.api_endpoint.url", "evaluation.tasks"}),
        ("target: 5\nexecution:\nevaluation: {tasks: []}\n", {"target", "execution.output_dir", "evaluation.tasks"}),
    ],
)
def test_what_is_missing_is_named_to_the_last_key(complain: Complain, text: str, said: set[str]) -> None:
    assert {line.split(": ")[1] for line in complain(text)} == said


@pytest.mark.parametrize("text", ["- a\n", "text\n", "5\n", "a: 1\n---\nb: 2\n"])
def test_what_is_no_config(complain: Complain, text: str) -> None:
    (line,) = complain(text)
    assert "is not a mapping of keys to values" in line or "a second YAML document begins here" in line


def test_alias_bombs(complain: Complain, minimal: str) -> None:
    bomb = "export:\n  a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n"
    bomb += "".join(f"  a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 10) + "]\n" for i in range(1, 12))
    (line,) = complain(minimal + bomb)
    assert "aliases expand to more than 10000 values" in line


@pytest.mark.parametrize("key", ["hf_" + "a" * 34, "sk-" + "b" * 40, "nvapi-" + "c" * 60])
def test_keys_pasted_into_a_config_are_not_repeated(complain: Complain, minimal: str, key: str) -> None:
    text = minimal.replace(URL, f"{URL}    api_key_name: {key}\n")
    lines = complain(f"{text}env_vars:\n  A: {key}\n  B: host:{key}\n", f"env_vars.C={key}")
    assert len(lines) == 4
    assert not any(key in line for line in lines)


def test_all_mistakes_at_once_in_the_order_of_the_file(complain: Complain) -> None:
    text = """\
exection: 5
execution:
  mode: paralel
  max_parallel: ten
target:
  api_endpoint: {url: on, modle_id: x}
evaluation:
  tasks:
    - ifeval
    - {name: a, timeout: 5 parsecs, post_cmd: 5}
    - {name: "${a.b}"}
"""
    lines = complain(text, "execution.moed=1")
    places = [line.split(": ")[0] for line in lines]
    assert places == [
        "c.yaml:1:1",
        "c.yaml:2:1",
        "c.yaml:3:9",
        "c.yaml:4:17",
        "c.yaml:6:23",
        "c.yaml:6:27",
        "c.yaml:9:7",
        "c.yaml:10:26",
        "c.yaml:10:47",
        "c.yaml:11:14",
        "-o execution.moed=1",
    ]


@pytest.mark.parametrize(
    "block",
    ["  a: 1\n" * 9_000, "  a: [" + "'${nope}', " * 4_000 + "]\n", "  a: [" + "012," * 9_000 + "]\n"],
    ids=["duplicates", "interpolations", "octals"],
)
def test_a_flood_of_mistakes_is_cut(complain: Complain, minimal: str, block: str) -> None:
    lines = complain(f"{minimal}export:\n{block}")
    assert 200 <= len(lines) <= 201
