from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from evaldock.core.catalog.catalog import Catalog
from evaldock.core.catalog.load import load_catalog, user_dir
from evaldock.core.catalog.schema import catalog_schema
from evaldock.core.catalog.user import RESULT_KEYS, TASK_KEYS
from evaldock.core.config.model import ConfigError
from evaldock.tui.settings import Settings, load_settings
from jsonschema import Draft7Validator

FULL = """
tasks:
  - name: sums
    harness: mylab
    image: mylab/sums:1
    command: [run-sums, --url, "{url}"]
    endpoint_types: [completions, chat]
    params: {temperature: 1e-7, limit_samples: 5, extra: {deep: [1, "2", true, null]}, when: "2026-01-01"}
    required_env: [HF_TOKEN]
    description: Adds numbers
    result: {format: json, file: out/scores.json, metric: accuracy}
    samples: 500
    progress: '(\\d+)/(\\d+)'
"""


def load(tmp_path: Path, **files: str) -> Catalog:
    folder = tmp_path / "catalog"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load_catalog([folder], env={"XDG_CONFIG_HOME": str(tmp_path / "xdg")})


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, bad=text)
    return [str(p).removeprefix(f"{tmp_path}/catalog/") for p in caught.value.problems]


def test_a_full_task_is_read(tmp_path: Path) -> None:
    catalog = load(tmp_path, mine=FULL)
    spec = catalog.resolve("sums")
    assert catalog.is_own(spec)
    assert (spec.full_name, spec.image, spec.digest) == ("mylab.sums", "mylab/sums:1", "")
    assert spec.command == ("run-sums", "--url", "{url}")
    assert spec.endpoint_types == ("completions", "chat")
    assert spec.params == {
        "temperature": 1e-7,
        "limit_samples": 5,
        "extra": {"deep": [1, "2", True, None]},
        "when": "2026-01-01",
    }
    assert spec.required_env == ("HF_TOKEN",)
    assert (spec.result_format, spec.result_file, spec.primary_metric) == ("json", "out/scores.json", "accuracy")
    assert spec.description == "Adds numbers"
    assert (spec.samples, spec.progress) == (500, r"(\d+)/(\d+)")
    assert len(catalog.tasks) == 422


def test_a_small_task_gets_defaults(tmp_path: Path) -> None:
    spec = load(tmp_path, mine="tasks: [{name: t, image: i}]").resolve("custom.t")
    assert (spec.command, spec.endpoint_types, spec.result_format) == (None, ("chat",), "results.yml")


def test_a_packaged_harness_lends_its_image(tmp_path: Path) -> None:
    catalog = load(tmp_path, mine="tasks: [{name: fresh, harness: simple-evals}, {name: f2, harness: hle, image: x}]")
    fresh = catalog.resolve("fresh")
    assert fresh.full_name == "simple_evals.fresh"
    assert fresh.image.endswith("/simple-evals:26.03")
    assert fresh.digest.startswith("sha256:")
    assert catalog.resolve("f2").digest == ""


def test_own_tasks_come_first_and_replace_packaged_ones(tmp_path: Path) -> None:
    text = "tasks: [{name: mmlu, image: own:1}, {name: IFEval, harness: lm_evaluation_harness, image: own:2}]"
    catalog = load(tmp_path, mine=text)
    assert catalog.resolve("mmlu", endpoint_type="completions").full_name == "custom.mmlu"
    assert catalog.resolve("ifeval").image == "own:2"
    assert len(catalog.tasks) == 422


def test_a_later_directory_replaces_an_earlier_one(tmp_path: Path) -> None:
    home = user_dir({"XDG_CONFIG_HOME": str(tmp_path)})
    assert home == tmp_path / "evaldock" / "catalog"
    extra = tmp_path / "extra"
    for folder, image in ((home, "from-home"), (extra, "from-extra")):
        folder.mkdir(parents=True)
        (folder / "a.yaml").write_text(f"tasks: [{{name: t, image: {image}}}]")
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert load_catalog(env=env).resolve("t").image == "from-home"
    assert load_catalog([extra], env=env).resolve("t").image == "from-extra"


def test_a_relative_xdg_directory_is_ignored() -> None:
    assert user_dir({"XDG_CONFIG_HOME": "here"}) == Path.home() / ".config/evaldock/catalog"


# what is written, and what is said: with line and column
WRONG = [
    ("tasks: [", "bad.yaml:1:9: not valid YAML"),
    ("- 1", "bad.yaml:1:1: must be a mapping"),
    ("other: 1", "bad.yaml:1:1: other: unknown key 'other'"),
    ("tasks: {}", "bad.yaml:1:8: tasks: must be a list"),
    ("tasks:\n  - image: x", "bad.yaml:2:5: tasks[0]: a task needs a `name`"),
    ("tasks:\n  - name: x", "bad.yaml:2:5: tasks[0]: task 'x' needs an `image`"),
    ("tasks:\n  - name: ''\n    image: x", "bad.yaml:2:11: tasks[0].name: must be text that is not empty"),
    ("tasks:\n  - name: ~\n    image: x", "bad.yaml:2:11: tasks[0].name: must be text"),
    ("tasks:\n  - {name: x, image: [1]}", "bad.yaml:2:22: tasks[0].image: must be text"),
    ("tasks:\n  - name: x\n    image: i\n    colour: red", "bad.yaml:4:5: tasks[0].colour: unknown key 'colour'"),
    ("tasks:\n  - name: x\n    name: y\n    image: i", "bad.yaml:3:5: tasks[0].name: 'name' is given twice"),
    ("tasks:\n  - {name: x, image: i, endpoint_types: [chatt]}", "'chatt' is not one of chat, completions"),
    ("tasks:\n  - {name: x, image: i, endpoint_types: []}", "tasks[0].endpoint_types: the list is empty"),
    ("tasks:\n  - {name: x, image: i, command: run}", "tasks[0].command: must be a list"),
    ("tasks:\n  - {name: x, image: i, command: [[a]]}", "tasks[0].command[0]: must be text"),
    ("tasks:\n  - {name: x, image: i, required_env: [A-B]}", "'A-B' is not a variable name"),
    ("tasks:\n  - {name: x, image: i, params: 1}", "tasks[0].params: must be a mapping"),
    ("tasks:\n  - {name: x, image: i, params: {a: {1: 2}, a: 3}}", "tasks[0].params.a: 'a' is given twice"),
    ("tasks:\n  - {name: x, image: i, params: {a: 2026-01-01}}", "is a quote missing?"),
    ("tasks:\n  - {name: x, image: i, params: {a: .nan}}", "is a quote missing?"),
    ("tasks:\n  - {name: x, image: i, params: {a: 1e999}}", "is a quote missing?"),
    ("tasks:\n  - {name: x, image: i, params: {a: 10000000000000000000000}}", "is a quote missing?"),
    ("tasks:\n  - {name: x, image: i, params: {a: !!python/object:os.x {}}}", "tasks[0].params"),
    (
        "tasks:\n  - {name: x, image: i, result: {format: xml}}",
        "'xml' is not one of results.yml, lm-eval, inspect",
    ),
    ("tasks:\n  - {name: x, image: i, result: {format: json}}", "format json needs a `file`"),
    ("tasks:\n  - {name: x, image: i, result: {file: ../x}}", "relative to the results directory"),
    ("tasks:\n  - {name: x, image: i, harness: a.b}", "a harness name holds no dot"),
    ("tasks:\n  - {name: x, image: i}\n  - {name: X, image: j}", "bad.yaml:3:5: task custom.X is already defined at"),
    ("tasks: []\nmore: 1", "bad.yaml:2:1: more: unknown key"),
]


@pytest.mark.parametrize(("text", "said"), [w for w in WRONG if "!!python" not in w[0]])
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    found = problems(tmp_path, text)
    assert any(said in line for line in found), found
    assert all(line.startswith("bad.yaml:") for line in found)


def test_foreign_tags_make_no_objects(tmp_path: Path) -> None:
    spec = load(tmp_path, a="tasks: [{name: x, image: i, params: {a: !!python/object:os.x {b: 1}}}]").resolve("x")
    assert spec.params == {"a": {"b": 1}}


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, a="tasks: [{name: x}, {image: y}]", b="tasks: 3")
    assert len(caught.value.problems) == 3


def test_one_name_in_two_files_of_a_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"b\.yaml:1:9: task custom\.x is already defined at .*a\.yaml:1:9"):
        load(tmp_path, a="tasks: [{name: x, image: i}]", b="tasks: [{name: x, image: j}]")


def test_nested_aliases_do_not_eat_memory(tmp_path: Path) -> None:
    levels = "\n".join(f"        l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 9))
    text = f"tasks:\n  - name: x\n    image: i\n    params:\n        l0: &l0 [a, a]\n{levels}\n"
    assert any("too many values" in line for line in problems(tmp_path, text))


def test_recursive_aliases_end(tmp_path: Path) -> None:
    assert problems(tmp_path, "tasks: [{name: x, image: i, params: &p {again: *p}}]")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "catalog"
    (folder / "dir.yaml").mkdir(parents=True)
    (folder / "latin.yaml").write_bytes(b"tasks: \xff")
    (folder / "huge.yaml").write_bytes(b"#" * 1_000_001)
    (folder / "empty.yaml").write_bytes(b"")
    with pytest.raises(ConfigError) as caught:
        load_catalog([folder], env={})
    said = "\n".join(str(p) for p in caught.value.problems)
    assert "dir.yaml: cannot be read: Is a directory" in said
    assert "latin.yaml: cannot be read" in said
    assert "larger than 1000000 bytes" in said
    assert "empty.yaml" not in said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("samples: many", "tasks[0].samples: 'many' is not a number of samples"),
        ("samples: 0", "tasks[0].samples: '0' is not a number of samples"),
        ("progress: '('", "tasks[0].progress: is not a regular expression"),
        ("progress: '(a{99999999999})'", "tasks[0].progress: is not a regular expression: the repetition number"),
        (f"progress: '({'a' * 200})'", "tasks[0].progress: is longer than 200 characters"),
        ("progress: done", "tasks[0].progress: needs one group for what is done, or two"),
        ("progress: '(a)(b)(c)'", "tasks[0].progress: needs one group"),
        ("result: {format: inspct}", "'inspct' is not one of results.yml, lm-eval, inspect, json"),
    ],
)
def test_progress_and_totals_are_checked(tmp_path: Path, more: str, said: str) -> None:
    (line,) = problems(tmp_path, f"tasks: [{{name: t, image: i, {more}}}]")
    assert said in line


def test_logs_of_inspect_are_a_format(tmp_path: Path) -> None:
    spec = load(tmp_path, mine="tasks: [{name: t, image: i, result: {format: inspect}}]").resolve("t")
    assert spec.result_format == "inspect"


def test_the_schema_for_editors_has_the_same_keys_and_finds_mistakes() -> None:
    schema = catalog_schema()
    Draft7Validator.check_schema(schema)
    task = schema["properties"]["tasks"]["items"]["properties"]
    assert set(task) == set(TASK_KEYS)
    assert set(task["result"]["properties"]) == set(RESULT_KEYS)
    validator = Draft7Validator(schema)
    assert list(validator.iter_errors(yaml.safe_load(FULL))) == []
    for wrong in (
        {"nam": "x"},
        {"name": "x", "samples": 0},
        {"name": "x", "result": {"format": "xml"}},
        {"image": "i"},
    ):
        assert list(validator.iter_errors({"tasks": [wrong]})) != []


def test_a_home_that_may_not_be_looked_into_costs_its_catalog_alone() -> None:
    # A name too long is refused with an error that a look for a file does not swallow either, and for root as well.
    env = {"HOME": f"/{'x' * 300}"}
    assert load_catalog(env=env).tasks
    assert load_settings(env) == Settings()
