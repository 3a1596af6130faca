"""`${...}`: what it reads, what it keeps out of stored configs, and how it fails."""

from __future__ import annotations

import pytest
from config_kit import Complain, Load


def with_model(minimal: str, model: str, more: str = "") -> str:
    return minimal.replace("    url:", f"    model_id: {model}\n    url:") + more


@pytest.mark.parametrize(
    ("written", "value", "stored"),
    [
        ("${execution.output_dir}", "out", "out"),
        ("a-${execution.output_dir}-${evaluation.tasks[1].name}", "a-out-simple_evals.mmlu", "a-out-simple_evals.mmlu"),
        ("${evaluation.tasks.0.name}", "ifeval", "ifeval"),
        ("${.type}", "chat", "chat"),
        ("${...execution.output_dir}", "out", "out"),
        ("${oc.env:MODEL}", "llama", "${oc.env:MODEL}"),
        ("${oc.env:MODEL,other}", "llama", "${oc.env:MODEL,other}"),
        ("${oc.env:NONE,other}", "other", "${oc.env:NONE,other}"),
        ("${oc.env:NONE,${execution.output_dir}}", "out", "${oc.env:NONE,${execution.output_dir}}"),
        ("x/${oc.env:MODEL}/${.type}", "x/llama/chat", "x/${oc.env:MODEL}/chat"),
        ("${export.copy}", "llama", "${oc.env:MODEL}"),
        ("\\${literal}", "${literal}", "\\${literal}"),
        ("'${export.number}-${export.flag}-${export.none}'", "7-true-null", "7-true-null"),
    ],
)
def test_values(load: Load, minimal: str, written: str, value: str, stored: str) -> None:
    more = "export: {copy: '${oc.env:MODEL}', number: 7, flag: on, none: null}\n"
    config = load(with_model(minimal, f"{written}\n    type: chat", more), env={"MODEL": "llama"})
    assert config.endpoint.model_id == value
    assert config.tree["target"]["api_endpoint"]["model_id"] == stored  # type: ignore[index]


def test_whole_values_keep_their_type(load: Load, minimal: str) -> None:
    text = minimal + "      overrides: ${export.common}\n      timeout: ${oc.decode:${oc.env:LIMIT}}\n"
    text += "export: {common: {config.params.limit_samples: 3}}\n"
    config = load(text, env={"LIMIT": "30"})
    assert config.tasks[1].timeout == 30


def test_a_stored_config_loads_again(load: Load, minimal: str) -> None:
    import yaml

    first = load(with_model(minimal, "x-${oc.env:MODEL}-\\${y}"), env={"MODEL": "m"})
    again = load(yaml.safe_dump(first.tree), env={"MODEL": "m"})
    assert again.tree == first.tree
    assert again.endpoint == first.endpoint


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("${target.api_endpoint.model_id}", "refers to itself"),
        ("${target}", "refers to itself"),
        ("${export.a}", "refers to itself: export.a -> export.b -> export.a"),
        ("${execution.output_dri}", "there is no execution.output_dri; did you mean 'output_dir'?"),
        ("${MODEL}", "for an environment variable write ${oc.env:MODEL}"),
        ("${oc.env:UNSET}", "the environment variable UNSET is not set"),
        ("${oc.env:MY_API_KEY}", "looks like a secret, and evaldock stores no secret"),
        ("${now:%Y}", "is not supported; expected ${path.to.key}"),
        ("${oc.decode:[1}", "the text is not a YAML value"),
        ("'${a b}'", "is not an interpolation"),
        ("${}", "is not an interpolation"),
        ("'${a'", "has a '${' without its '}'"),
        ("${......x}", "goes above the top"),
        ("x${execution}", "is a mapping or a list and cannot be part of a text"),
        ("'" + "${" * 12 + "a" + "}" * 12 + "'", "nests ${ more than 10 deep"),
    ],
)
def test_failures_name_the_value(complain: Complain, minimal: str, written: str, said: str) -> None:
    lines = complain(with_model(minimal, written, "export: {a: '${.b}', b: '${.a}'}\n"), env={"MY_API_KEY": "s3cret"})
    assert any(said in line for line in lines)
    assert not any("s3cret" in line for line in lines)


def test_bombs_are_refused(complain: Complain, minimal: str) -> None:
    text = minimal + "export:\n  a0: " + "x" * 100 + "\n"
    text += "".join(f"  a{i}: '" + f"${{.a{i - 1}}}" * 10 + "'\n" for i in range(1, 10))
    assert any("more than 1 MB of text" in line for line in complain(text))
    text = minimal + "export:\n  a0: [1, 2]\n"
    text += "".join(f"  a{i}: [" + ", ".join([f"'${{export.a{i - 1}}}'"] * 10) + "]\n" for i in range(1, 10))
    assert any("copy more than 10000 values" in line for line in complain(text))
    text = minimal + "export:\n" + "".join(f"  a{i}: '${{.a{i + 1}}}'\n" for i in range(5000)) + "  a5000: 1\n"
    assert any("a chain of more than 30 references" in line for line in complain(text))


def test_secrets_named_by_the_config_are_not_copied(complain: Complain, minimal: str) -> None:
    text = with_model(minimal, "${oc.env:WHO}", "env_vars: {X: host:WHO}\n")
    (line,) = complain(text, env={"WHO": "s3cret"})
    assert "${oc.env:WHO} would store the value of WHO" in line and "s3cret" not in line


@pytest.mark.parametrize("value", ["${oc.env:WHO}", "${export.copy}", "lit:${oc.env:WHO}"])
def test_env_vars_never_read_the_environment(complain: Complain, minimal: str, value: str) -> None:
    (line,) = complain(f"{minimal}export: {{copy: '${{oc.env:WHO}}'}}\nenv_vars:\n  X: {value}\n", env={"WHO": "s3"})
    assert "env_vars.X: ${oc.env:...} is not allowed in env_vars" in line and "host:X" in line


def test_resolved_values_stay_out_of_messages(complain: Complain, minimal: str) -> None:
    text = minimal.replace("url: http://localhost:8080/v1/chat/completions", "url: ${oc.env:PLACE}")
    (line,) = complain(text + "      timeout: ${oc.env:PLACE}\n"[:0], env={"PLACE": "hidden value"})
    assert "is the text '${oc.env:PLACE}'" in line and "hidden" not in line
