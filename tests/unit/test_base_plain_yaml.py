"""Numbers of strangers: what takes for ever to read, or cannot be written again, is text or a sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from evaldock.core.base.atomic import read_regular
from evaldock.core.base.plain_yaml import load_yaml
from evaldock.core.catalog.user import read_files
from evaldock.core.config.model import ConfigError
from evaldock.core.results.files import parse_yaml
from evaldock.core.results.model import NoResult
from evaldock.core.results.read import read_results
from evaldock.core.results.tree import read_tree
from hypothesis import given
from hypothesis import strategies as st

HOSTILE = {
    "base 60": "1" + ":1" * 100_000,
    "base 60 float": "1" + ":1" * 100_000 + ".5",
    "hex": "0x" + "f" * 5000,
    "digits": "9" * 5000,
    "octal": "0" + "7" * 6000,
    "binary": "0b" + "1" * 20_000,
}


@given(st.one_of(st.integers(), st.floats(allow_nan=False), st.text(max_size=20), st.booleans(), st.none()))
def test_usual_values_are_as_pyyaml_reads_them(value: object) -> None:
    text = yaml.safe_dump({"a": [value]})
    assert load_yaml(text) == yaml.safe_load(text)


@pytest.mark.parametrize("text", ["1:30", "0x1f", "0b11", "017", "1_000", "1:30.5", "1e3", ".inf", "12" * 40])
def test_short_numbers_of_any_kind_too(text: str) -> None:
    assert load_yaml(text) == yaml.safe_load(text)


@pytest.mark.parametrize("number", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_number_is_text_in_results_as_key_and_as_value(tmp_path: Path, number: str) -> None:
    assert parse_yaml(f"? {number}\n: {number}".encode()) == {number: number}
    head = "results: {tasks: {t: {metrics: {m: {scores: {m: {value: "
    (tmp_path / "results.yml").write_text(f"{head}{number}, ? {number} : {number}}}}}}}}}}}}}}}}}")
    found = read_results(tmp_path, fmt="results.yml", file="", task="t", primary_metric="", samples=None)
    assert isinstance(found, NoResult)
    assert read_tree(tmp_path, fmt="results.yml", file="", task="t", primary_metric="").problem


@pytest.mark.parametrize("number", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_number_is_a_sentence_in_a_catalog(tmp_path: Path, number: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(f"tasks: [{{name: x, image: a/b:1, params: {{a: {number}}}}}]")
    with pytest.raises(ConfigError, match="is not a value that a parameter can have"):
        read_files([file])


@pytest.mark.parametrize("kind", ["pipe", "device", "directory", "large"])
def test_what_is_no_file_of_its_size_is_not_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.yaml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "directory":
        path.mkdir()
    else:
        path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(OSError):
        read_regular(path, 1_000_000)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_files([path])
