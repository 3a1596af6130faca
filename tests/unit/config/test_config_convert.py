"""Older spellings become today's, comments stay where they belong, and nothing changes its meaning."""

from __future__ import annotations

import pytest
import yaml
from evaldock.core.config.convert import convert_text
from evaldock.core.config.model import ConfigError
from hypothesis import given
from hypothesis import strategies as st

OLD = """\
# nightly
env_vars:
  A: 'A_NAME'   # quoted
  B: lit:x
  C: host:D

evaluation:
  # shared by all
  overrides:   # old
    # a cool one
    config.params.temperature: 0.6   # not too hot

    config.params.extra.list:
    - 1
    # two
    - 2
    config.params.extra.text: |
      one
        two

  tasks:
    - name: gpqa_diamond   # hard
      nemo_evaluator_config:
        config:
          params:  # nested
            max_retries: 3
            limit_samples: 5
            # keep
            max_new_tokens: 10
      overrides:
        config.params.limit_samples: 20  # fewer
        config:
          params: {parallelism: 4}
      env_vars:
        HF_TOKEN: HF_TOKEN_FOR_GPQA
    - {name: mmlu, overrides: {config.params.limit_samples: 2, config.params.extra.q: "a, b"}}
    - overrides: {config.params.limit_samples: 1}  # few
      name: gsm8k
"""
NEW = """\
# nightly
env_vars:
  A: 'host:A_NAME'   # quoted
  B: lit:x
  C: host:D

evaluation:
  # shared by all
  nemo_evaluator_config:   # old
    config:
      params:
        # a cool one
        temperature: 0.6   # not too hot
        extra:
          list:
          - 1
          # two
          - 2
          text: |
            one
              two

  tasks:
    - name: gpqa_diamond   # hard
      nemo_evaluator_config:
        config:
          params:  # nested
            max_retries: 3
            limit_samples: 20  # fewer
            # keep
            max_new_tokens: 10
            parallelism: 4
      env_vars:
        HF_TOKEN: host:HF_TOKEN_FOR_GPQA
    - {name: mmlu, nemo_evaluator_config: {config: {params: {limit_samples: 2, extra: {q: "a, b"}}}}}
    - nemo_evaluator_config:  # few
        config:
          params:
            limit_samples: 1
      name: gsm8k
"""


def test_everything_at_once() -> None:
    text, changes = convert_text(OLD.encode(), "c.yaml")
    assert text == NEW
    assert [(change.line, change.what) for change in changes] == [
        (3, "A: A_NAME -> host:A_NAME"),
        (9, "overrides -> nemo_evaluator_config"),
        (30, "overrides -> nemo_evaluator_config"),
        (35, "HF_TOKEN: HF_TOKEN_FOR_GPQA -> host:HF_TOKEN_FOR_GPQA"),
        (36, "overrides -> nemo_evaluator_config"),
        (37, "overrides -> nemo_evaluator_config"),
    ]


def test_what_is_converted_is_left_alone() -> None:
    assert convert_text(NEW.encode(), "c.yaml") == (NEW, [])


def test_windows_line_ends_stay() -> None:
    text, _ = convert_text(OLD.replace("\n", "\r\n").encode(), "c.yaml")
    assert text == NEW.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("evaluation: {overrides: {}}\n", "evaluation: {nemo_evaluator_config: {}}\n"),
        ("evaluation:\n  overrides:\n    config.params.top_p: 1", None),
        ("evaluation:\n  overrides: {a.b: {c: {}}}\n", None),
        ('evaluation:\n  overrides:\n    "config.params.extra.9 x": "y z"  # odd\n', None),
        ("evaluation:\n  overrides:\n    config.params.extra.s: >-\n      folded\n      text\n\n# end\n", None),
        ("evaluation:\n  overrides:\n    config.params.extra.s: [1,\n      2]\n", None),
        ("evaluation:\n  overrides:\n    config.params.extra.s: two\n      lines\n  env_vars: {A: B}\n", None),
        ("evaluation:\n    overrides:\n        config:\n            params:\n                top_p: 1\n", None),
    ],
)
def test_shapes(text: str, after: str | None) -> None:
    converted, changes = convert_text(text.encode(), "c.yaml")
    assert changes
    assert "overrides" not in converted
    assert after is None or converted == after
    assert convert_text(converted.encode(), "c.yaml") == (converted, [])


def test_empty_overrides_and_odd_files_are_no_trouble() -> None:
    for text in (
        "",
        "evaluation:\n  overrides:\n",
        "a: 1\n",
        "evaluation: 5\n",
        "- 1\n",
        "evaluation: {tasks: [x, 5]}\n",
    ):
        assert convert_text(text.encode(), "c.yaml") == (text, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("evaluation:\n  overrides: &a\n    config.params.top_p: 1\n", "has an anchor or an alias in it"),
        (
            "evaluation: {nemo_evaluator_config: {}, overrides: {a: {b: 1}}}\n",
            "is in braces next to nemo_evaluator_config",
        ),
        (
            "evaluation:\n  overrides: {config.params.top_p: 1}\n  tasks:\n"
            "    - name: t\n      nemo_evaluator_config: {config: {params: {top_p: 0.5}}}\n",
            "means something else when they are joined",
        ),
        ("a: [\n", "is not valid YAML"),
    ],
)
def test_what_cannot_be_converted_is_said_and_left(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        convert_text(text.encode(), "c.yaml")
    assert said in str(caught.value)
    assert str(caught.value).startswith("c.yaml")


_NAMES = st.sampled_from(["config", "params", "extra", "a", "b-c", "top_p"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab: #'\"\n-", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=6,
)
_OWNERS = st.fixed_dictionaries(
    {},
    optional={
        "overrides": st.dictionaries(st.lists(_NAMES, min_size=1, max_size=4).map(".".join), _VALUES, max_size=4),
        "nemo_evaluator_config": st.dictionaries(_NAMES, _VALUES, max_size=3),
        "env_vars": st.dictionaries(st.sampled_from(["A", "B"]), st.sampled_from(["X", "host:X", "lit:X"])),
    },
)


@given(_OWNERS, st.lists(_OWNERS, max_size=3), st.sampled_from([True, False, None]))
def test_a_conversion_means_the_same_or_is_refused(
    evaluation: dict[str, object], tasks: list[dict[str, object]], flow: bool | None
) -> None:
    tree = {"evaluation": {**evaluation, "tasks": [{"name": f"t{n}", **task} for n, task in enumerate(tasks)]}}
    text = yaml.safe_dump(tree, default_flow_style=flow, sort_keys=False)
    try:
        # It compares what both texts mean before it returns.
        converted, _ = convert_text(text.encode(), "c.yaml")
    except ConfigError:
        return
    assert "overrides" not in yaml.safe_load(converted)["evaluation"] or not evaluation.get("overrides")
    assert convert_text(converted.encode(), "c.yaml") == (converted, [])
