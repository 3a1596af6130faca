"""Defaults lists: order, packaged and own groups, files beside, refusals; and how a config is found."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from config_kit import Complain, Load
from evaldock.core.config.load import load_config
from evaldock.core.config.model import ConfigError, Execution, Origin
from evaldock.core.config.node import plain
from evaldock.core.config.yaml_nodes import parse_yaml


@pytest.mark.parametrize(
    ("defaults", "mode"),
    [
        ("[execution: mine, _self_]", "parallel"),
        ("[_self_, execution: mine]", "sequential"),
        ("[execution: mine]", "parallel"),
        ("[_self_, execution: mine, again]", "parallel"),
        ("[_self_, again, execution: mine]", "sequential"),
        ("[{execution: [mine, local]}]", "parallel"),
        ("[{override execution: mine}, _self_]", "parallel"),
        ("[_self_, {optional execution: absent}, {deployment: null}]", "parallel"),
        ("[nested, _self_]", "parallel"),
        ("[_self_, nested]", "sequential"),
        ("", "parallel"),
    ],
)
def test_later_entries_win(load: Load, minimal: str, defaults: str, mode: str) -> None:
    files = {
        "execution/mine.yaml": "defaults: [local, _self_]\nmode: sequential\nkill_grace: 3\n",
        "again.yaml": "execution: {mode: parallel}\n",
        "nested.yml": "defaults: [_self_, again, {execution: mine}]\n",
    }
    config = load(
        f"defaults: {defaults}\n{minimal}".replace("output_dir: out", "output_dir: out\n  mode: parallel"),
        files=files,
    )
    assert config.execution.mode == mode


def test_packaged_defaults_are_the_typed_defaults(load: Load, minimal: str) -> None:
    listed = load(f"defaults: [execution: local, deployment: none]\n{minimal}")
    assert listed.execution == load(minimal).execution == Execution(listed.execution.output_dir)


def test_own_group_files_shadow_packaged_ones(load: Load, minimal: str) -> None:
    config = load(f"defaults: [execution: local]\n{minimal}", files={"execution/local.yaml": "max_parallel: 3\n"})
    assert config.execution.max_parallel == 3


def test_any_group_beside_the_config(load: Load, minimal: str) -> None:
    config = load(
        f"defaults: [target: here, target/api_endpoint: typed, _self_]\n{minimal}",
        files={
            "target/here.yaml": "api_endpoint: {model_id: m}\n",
            "target/api_endpoint/typed.yaml": "type: completions\n",
        },
    )
    assert (config.endpoint.model_id, config.endpoint.type) == ("m", "completions")


@pytest.mark.parametrize(
    ("defaults", "files"),
    [
        ("[evaluation: two]", {"evaluation/two.yaml": "env_vars: {A: lit:x}\n"}),
        ("[evaluation/two]", {"evaluation/two.yaml": "env_vars: {A: lit:x}\n"}),
        ("[evaluation: two]", {"evaluation/two.yaml": "# @package _global_\nevaluation: {env_vars: {A: lit:x}}\n"}),
        ("[evaluation: two]", {"evaluation/two.yaml": "# words\n# @package evaluation.env_vars\nA: lit:x\n"}),
        ("[evaluation: two]", {"evaluation/two.yaml": "# @package _group_\nenv_vars: {A: lit:x}\n"}),
        ("[vars@evaluation.env_vars: two]", {"vars/two.yaml": "# @package _global_\nA: lit:x\n"}),
        ("[vars@_global_: two]", {"vars/two.yaml": "evaluation: {env_vars: {A: lit:x}}\n"}),
        (
            "[evaluation: two]",
            {
                "evaluation/two.yaml": "defaults: [env_vars: few, one]\n",
                "evaluation/env_vars/few.yaml": "A: lit:x\n",
                "evaluation/one.yaml": "env_vars: {B: lit:y}\n",
            },
        ),
        (
            "[evaluation: two]",
            {"evaluation/two.yaml": "defaults: [/vars@env_vars: few]\n", "vars/few.yaml": "A: lit:x\n"},
        ),
        (
            "[lab: two]",
            {"lab/two.yaml": "# @package _global_\ndefaults: [/few]\n", "few.yaml": "env_vars: {A: lit:x}\n"},
        ),
    ],
)
def test_groups_go_where_hydra_puts_them(load: Load, minimal: str, defaults: str, files: dict[str, str]) -> None:
    config = load(f"defaults: {defaults}\n{minimal}", files=files)
    assert config.tasks[0].env["A"].source == "x"


def test_overrides_choose_groups(load: Load, minimal: str) -> None:
    files = {"execution/mine.yaml": "mode: sequential\n"}
    listed = load(f"defaults: [execution: local]\n{minimal}", "execution=mine", files=files)
    added = load(minimal, "+execution=mine", files=files)
    assert listed.execution.mode == added.execution.mode == "sequential"
    (change,) = listed.changes
    assert (change.path, change.before, change.after) == ("execution", "local", "mine")


@pytest.mark.parametrize(
    ("defaults", "said"),
    [
        ("[execution: slurm/default]", "the executor 'slurm/default' is not supported: evaldock runs tasks in Docker"),
        ("[execution: lepton]", "the executor 'lepton' is not supported"),
        ("[deployment: vllm]", "the deployment 'vllm' is not supported: evaldock starts no model"),
        ("[execution: locl]", "did you mean 'local'?"),
        ("[deployment: off]", 'YAML reads off as False, write "off" in quotes'),
        ("[{please execution: local}]", "'please execution' is not supported"),
        ("[basc]", "there is no file 'basc.yaml' in . "),
        ("[c]", "'c.yaml' includes itself"),
        ("[5]", "is not an entry of a defaults list"),
        ("local", "is not a list"),
    ],
)
def test_refused_defaults(complain: Complain, minimal: str, defaults: str, said: str) -> None:
    (line,) = complain(f"defaults: {defaults}\n{minimal}")
    assert line.startswith(("c.yaml:1:", "c.yaml: defaults")) and ": defaults: " in line
    assert said.strip() in line


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("execution=slurm", "-o execution=slurm: defaults: the executor 'slurm' is not supported"),
        ("execution.type=lepton", "-o execution.type=lepton: execution.type: the executor 'lepton' is not supported"),
        ("++deployment.type=nim", "-o ++deployment.type=nim: deployment.type: the deployment 'nim' is not supported"),
        ("++execution.type=k8s", "execution.type: is the text 'k8s'; expected local"),
    ],
)
def test_refused_choices_are_the_only_complaint_of_their_section(
    complain: Complain, minimal: str, override: str, said: str
) -> None:
    section = "execution" if "execution" in override else "deployment"
    (line,) = complain(f"defaults: [{section}: {'local' if section == 'execution' else 'none'}]\n{minimal}", override)
    assert said in line


def test_problems_of_included_files_name_them(complain: Complain, minimal: str) -> None:
    (line,) = complain(f"defaults: [again]\n{minimal}", files={"again.yaml": "\nexecution:\n  mde: x\n"})
    assert line == "again.yaml:3:3: execution.mde: unknown key; did you mean 'mode'?"


def test_anchors_and_merge_keys(load: Load, minimal: str) -> None:
    text = minimal.replace(
        "    - name: ifeval\n",
        "    - &base\n      name: ifeval\n      timeout: 5\n      user: a\n    - <<: *base\n      user: b\n",
    )
    first, second, _ = load(text).tasks
    assert (first.user, first.timeout) == ("a", 5)
    assert (second.name, second.user, second.timeout) == ("ifeval", "b", 5)


class TestFinding:
    @pytest.fixture(autouse=True)
    def directory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minimal: str) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "examples").mkdir()
        (tmp_path / "empty").mkdir()
        for name in ("local_llama.yaml", "other.yml", "notes.txt"):
            (tmp_path / "examples" / name).write_text(minimal)

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ({"path": "examples/local_lama.yaml"}, "no file examples/local_lama.yaml; did you mean 'local_llama'?"),
            ({"path": "examples"}, "examples is a directory; use --config-dir examples --config-name NAME"),
            ({"path": "exmples/x.yaml"}, "no directory exmples; did you mean examples?"),
            ({"config_dir": "exmples", "config_name": "x"}, "no directory exmples; did you mean examples?"),
            ({"config_dir": "examples", "config_name": "local_lama"}, "did you mean 'local_llama'?"),
            ({"config_dir": "examples", "config_name": "zzz"}, "there is local_llama, other"),
            ({"config_dir": "examples"}, "has no default.yaml; there is local_llama, other"),
            ({"config_dir": "empty", "config_name": "x"}, "the directory has no YAML files"),
            ({"config_dir": "examples/notes.txt", "config_name": "x"}, "is a file, not a directory"),
            ({"path": "a", "config_name": "b"}, "named twice"),
            ({}, "no config is named: use --config FILE, or --config-dir DIR and --config-name NAME"),
            ({"path": "a\0b"}, "there is no file a\\x00b"),
            ({"config_name": "x" * 5000, "config_dir": "examples"}, "there is no config 'xxx"),
        ],
    )
    def test_what_is_not_there(self, asked: dict[str, str], said: str) -> None:
        arguments = {k: v if k == "config_name" else Path(v) for k, v in asked.items()}
        with pytest.raises(ConfigError) as caught:
            load_config(**arguments)  # type: ignore[arg-type]
        assert said in str(caught.value)

    @pytest.mark.parametrize(
        "asked",
        [
            {"path": Path("examples/local_llama.yaml")},
            {"path": Path("examples/local_llama")},
            {"config_dir": Path("examples"), "config_name": "other"},
            {"config_name": "examples/other.yml"},
        ],
    )
    def test_what_is_there(self, asked: dict[str, object]) -> None:
        assert len(load_config(**asked).tasks) == 2  # type: ignore[arg-type]

    def test_unreadable_files(self, tmp_path: Path) -> None:
        (tmp_path / "big.yaml").write_bytes(b"#" * 1_000_001)
        (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: caf\xe9\n")
        for name, said in (("big", "big.yaml: is larger than 1 MB"), ("latin", "latin.yaml:2:7: is not UTF-8")):
            with pytest.raises(ConfigError) as caught:
                load_config(path=Path(f"{name}.yaml"))
            assert str(caught.value).startswith(said)


# Keys of one letter: PyYAML 6.0.4 tells keys apart by identity, so that of longer ones it takes the last by mistake.
MERGED = """
a: &a {t: 1, p: 1}
b: &b {t: 2, s: 2}
c: &c {s: 3, n: 3}
two: {<<: *a, <<: *b}
list: {<<: [*a, *b]}
both: {<<: [*a, *b], <<: *c}
list last: {<<: *c, <<: [*a, *b], p: 4}
own between:
  <<: *a
  t: 5
  <<: *b
three: {<<: *a, <<: *b, <<: *c}
"""


def test_merge_keys_mean_what_they_mean_to_pyyaml() -> None:
    root, problems = parse_yaml(MERGED, lambda line, column: Origin("x.yaml", line, column))
    assert not problems
    assert plain(root) == yaml.safe_load(MERGED)
