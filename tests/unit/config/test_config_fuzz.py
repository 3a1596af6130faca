"""Whatever stands in the files or on the command line: a Config or a ConfigError, never anything else."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import yaml
from evaldock.core.config.load import load_config
from evaldock.core.config.model import ConfigError
from evaldock.core.config.quick import surely_valid
from evaldock.core.config.schema import load_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SETTINGS = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
KEYS = st.sampled_from(
    [
        *("defaults", "execution", "target", "evaluation", "env_vars", "tasks", "name", "overrides"),
        *("api_endpoint", "url", "output_dir", "mounts", "resources", "timeout", "nemo_evaluator_config"),
        *("config", "params", "config.params.top_p", "target.api_endpoint.url", "adapter_config"),
        *("interceptors", "api_key_name", "deployment", "type", "export", "memory", "gpus", "user"),
        *("<<", "a.b", "${x}", "a\0b"),
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        [
            *("???", "${execution}", "${.name}", "${oc.env:HOME}", "${oc.env:X,${a}}", "${oc.decode:[1]}", "${"),
            *("local", "none", "slurm", "_self_", "2h", "8g", "host:X", "lit:", "http://x:1/v1", "~root", "~\0"),
            *("012", "12:30", "ifeval", ""),
        ]
    ),
)
TREES = st.recursive(
    SCALARS,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(KEYS, below, max_size=4)),
    max_leaves=20,
)
PATHS = st.lists(st.one_of(KEYS, st.sampled_from(["0", "1", "[0]", "ifeval", ""])), max_size=5).map(".".join)
OVERRIDES = st.one_of(
    st.text(max_size=30),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["", "+", "++", "~"]),
        PATHS,
        st.sampled_from(["=", ""]),
        st.one_of(st.text(max_size=10), TREES.map(lambda tree: yaml.safe_dump(tree, default_flow_style=True))),
    ),
)
BASE = {
    "execution": {"output_dir": "out"},
    "target": {"api_endpoint": {"url": "http://localhost/v1"}},
    "evaluation": {"tasks": [{"name": "ifeval"}]},
}


def outcome(data: bytes, *overrides: str) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "c.yaml"
        path.write_bytes(data)
        try:
            load_config(path=path, overrides=overrides, env={"HOME": "/h"})
        except ConfigError as error:
            assert error.problems
            assert all(str(problem).isprintable() for problem in error.problems)


@SETTINGS
@given(st.binary(max_size=200))
def test_bytes(data: bytes) -> None:
    outcome(data)


@SETTINGS
@given(st.text(alphabet="abc:-[]{}&*!|>'\"#%@`,?<\n\t 0~${}.", max_size=60))
def test_yaml_like_text(text: str) -> None:
    outcome(text.encode())


@SETTINGS
@given(TREES)
def test_trees(tree: object) -> None:
    outcome(yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass"))


@SETTINGS
@given(st.dictionaries(KEYS, TREES, max_size=3), st.lists(OVERRIDES, max_size=3))
def test_overrides(extra: dict[str, object], overrides: list[str]) -> None:
    outcome(yaml.safe_dump({**BASE, **extra}).encode(), *overrides)


NAMES = sorted(load_schema()["$defs"])
VALUES = st.one_of(
    TREES,
    st.fixed_dictionaries(
        {"execution": st.just(BASE["execution"]), "target": st.just(BASE["target"])},
        optional={"evaluation": st.one_of(st.just(BASE["evaluation"]), TREES), "env_vars": TREES},
    ),
    st.fixed_dictionaries({"name": st.text(max_size=3)}, optional={"timeout": SCALARS, "resources": TREES}),
    st.dictionaries(st.sampled_from(["cpus", "memory", "gpus", "pids"]), st.integers(-2, 9), max_size=3),
)


@SETTINGS
@given(VALUES, st.sampled_from(["", *NAMES]))
def test_the_quick_yes_is_jsonschemas_yes(value: Any, name: str) -> None:
    schema = load_schema()
    part = {"$defs": schema["$defs"], "$ref": f"#/$defs/{name}"} if name else schema
    quick = surely_valid(value, part, schema["$defs"])
    valid = jsonschema.Draft202012Validator(part).is_valid(value)
    # Only a float such as 5.0 for a whole number is left to jsonschema.
    assert quick is valid or (valid and not quick and "0" in repr(value))


def test_an_unknown_keyword_is_never_accepted() -> None:
    for value in ({}, [], "", 1, None, True):
        assert not surely_valid(value, {"multipleOf": 1}, {})
