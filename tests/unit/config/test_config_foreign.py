"""What stands in configs of other programs: sections of one's own, settings of other executors, a misplaced target."""

from __future__ import annotations

import pytest
from config_kit import Complain, Load

SEND = "evaluation.nemo_evaluator_config.config.target.api_endpoint.adapter_config"


def _warned(load: Load, text: str, *overrides: str) -> list[str]:
    return [str(warning) for warning in load(text, *overrides).warnings]


@pytest.mark.parametrize(
    ("more", "override"),
    [
        ("my_judge: {url: 'http://judge/v1'}\n", "++evaluation.overrides.config.params.extra.judge=${my_judge}"),
        ("mode: {a: 1}\n", "++evaluation.overrides.config.params.extra.a=${oc.select:mode.a,3}"),
        ("gdpval: {a: 1}\n", "+execution.num_nodes=1"),
        ("x: &x {a: 1}\n", "+execution.walltime='01:00:00'"),
        ("", "+execution.gres='gpu:8'"),
    ],
)
def test_sections_of_ones_own_and_settings_of_other_executors_are_kept(
    load: Load, minimal: str, more: str, override: str
) -> None:
    assert not _warned(load, minimal + more, override)


def test_an_own_section_gives_its_values(load: Load, minimal: str) -> None:
    text = minimal + "mine: {url: 'http://judge/v1', n: 3}\n"
    config = load(text, "++evaluation.overrides.config.params.extra={judge: {url: ${mine.url}}, n_samples: ${mine.n}}")
    expected = {"config": {"params": {"extra": {"judge": {"url": "http://judge/v1"}, "n_samples": 3}}}}
    assert config.tasks[0].run_config == expected
    assert config.tree["mine"] == {"url": "http://judge/v1", "n": 3}


@pytest.mark.parametrize(
    ("more", "override", "said"),
    [
        (
            "envvars: {A: B}\n",
            "++evaluation.overrides.config.params.extra.a=${envvars.A}",
            "c.yaml:10:1: envvars: is a section of your own; did you mean 'env_vars'?",
        ),
        ("", "+execution.colour=red", "execution.colour: has no effect: evaldock has no such setting"),
    ],
)
def test_what_looks_like_a_typo_is_told(load: Load, minimal: str, more: str, override: str, said: str) -> None:
    (warning,) = _warned(load, minimal + more, override)
    assert said in warning


@pytest.mark.parametrize("key", ["nemo_evaluator_config", "overrides"])
def test_a_target_under_config_is_moved_up(load: Load, minimal: str, key: str) -> None:
    shared = f"  {key}:\n    config:\n      params: {{top_p: 1}}\n      target: {{api_endpoint: {{stream: true}}}}\n"
    config = load(minimal.replace("evaluation:\n", "evaluation:\n" + shared))
    settings = {"config": {"params": {"top_p": 1}}, "target": {"api_endpoint": {"stream": True}}}
    assert config.tasks[0].run_config == settings
    (warning,) = map(str, config.warnings)
    assert f"evaluation.{key}.config.target: belongs next to config, not under it" in warning


def test_a_target_in_its_place_wins_over_one_that_is_moved(load: Load, minimal: str) -> None:
    own = (
        "- name: ifeval\n      nemo_evaluator_config:\n"
        "        config: {target: {api_endpoint: {stream: true, type: chat}}}\n"
        "        target: {api_endpoint: {stream: false}}\n"
    )
    config = load(minimal.replace("- name: ifeval\n", own))
    assert config.tasks[0].run_config["target"] == {"api_endpoint": {"stream": False, "type": "chat"}}


# What OmegaConf 2.3 makes of each in {a: {b: 1, n: null, m: ???}, top: 5}.
SELECTED: list[tuple[str, object]] = [
    ("${oc.select:a.b,x}", 1),
    ("${oc.select:a.zz,x}", "x"),
    ("${oc.select:a.zz}", None),
    ("${oc.select:a.n,x}", None),
    ("${oc.select:a.zz,12}", 12),
    ("${oc.select:a.zz,null}", None),
    ("${oc.select:a.zz,'q r'}", "q r"),
    ("${oc.select:a.zz,${top}}", 5),
    ("${oc.select:a.zz,[1,2]}", [1, 2]),
    ("${oc.select:b.c.d,true}", True),
    ("${oc.select:a.zz,''}", ""),
    ("pre-${oc.select:a.zz,x y}", "pre-x y"),
    ("${oc.select:a.b.c,x}", "x"),
    ("${oc.select:..a.b,x}", 1),
]


@pytest.mark.parametrize(("text", "value"), SELECTED)
def test_select_means_what_it_means_to_omegaconf(load: Load, minimal: str, text: str, value: object) -> None:
    more = f'a: {{b: 1, n: null}}\ntop: 5\nmine: {{v: "{text}"}}\n'
    tree = load(minimal + more).tree
    assert tree["mine"] == {"v": value}


def test_a_mandatory_value_that_is_missing_gives_the_default(complain: Complain, minimal: str) -> None:
    (line,) = complain(minimal + "a: {m: '???'}\nmine: {v: '${oc.select:a.m,x}'}\n")
    assert "a.m: is mandatory" in line


def test_a_config_of_the_next_generation_is_refused_by_name(complain: Complain) -> None:
    text = "services: {model: {type: api, url: 'http://h/v1'}}\nbenchmarks: [{name: mmlu}]\noutput: {dir: out}\n"
    (line,) = complain(text)
    assert "is a config of nemo-evaluator 0.3 or newer" in line


def test_settings_that_a_destination_does_not_heed_are_told(load: Load, minimal: str) -> None:
    more = "export: {mlflow: {tracking_uri: 'http://h', log_logs: true}, local: {format: csv}, wandb: {entity: x}}\n"
    (warning,) = _warned(load, minimal + more)
    assert "export.mlflow.log_logs: has no effect: mlflow knows description, experiment_name" in warning
