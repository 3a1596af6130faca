"""One notion of a secret: names, shapes, values; the same wherever it is asked, in time that grows with the text."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from evaldock.core.base.secrets import (
    HIDDEN,
    Scrubber,
    hide,
    hide_in_headers,
    hide_in_query,
    holds_secret,
    is_secret_name,
)
from evaldock.core.config.load import load_config
from evaldock.core.config.model import ConfigError
from evaldock.core.config.schema import load_schema
from evaldock.core.plan.mask import masked_text, masked_tree
from hypothesis import example, given
from hypothesis import strategies as st

_SECRET_NAMES = """
    API_KEY NGC_API_KEY WANDB_APIKEY OPENAI_APIKEY OPENAIAPIKEY apikey key KEY_2 x-api-key openaiApiKey
    judge.api_key HF_TOKEN HF_TOKEN_FOR_GPQA_DIAMOND HFTOKEN MLFLOW_TRACKING_TOKEN X-Amz-Security-Token
    X-Auth-Token API_TOKENS GH_PAT AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AZURE_OPENAI_KEY1
    OPENAI_CLIENT_SECRET GOOGLE_APPLICATION_CREDENTIALS DB_PASSWD DB_PASS DB_PWD db_password Authorization
    Proxy-Authorization Cookie Set-Cookie sig auth X-Amz-Signature X-Amz-Credential SENTRY_DSN SLACK_WEBHOOK_URL
"""
_OTHER_NAMES = """
    api_key_name PWD OLDPWD HOME HF_HOME MODEL MODEL_URL PATH max_new_tokens MAX_TOKENS TOKEN_COUNT
    MAX_TOKEN_LENGTH tokenizer TOKENIZERS_PARALLELISM start_reasoning_token end_reasoning_token eos_token
    eos_token_id monkey HOTKEY author keyboard signal design pattern pass cache_dir Accept Content-Type
    X-RateLimit-Remaining-Tokens password_file
"""
SECRET_NAMES, OTHER_NAMES = _SECRET_NAMES.split(), _OTHER_NAMES.split()
KEYS = (
    "sk-abcdefghijkl",
    "sk-ant-REAL_key-0123456789",
    "nvapi-abcdefghijklmnop",
    "hf_" + "a" * 34,
    "ghp_" + "A1" * 18,
    "github_pat_" + "A1" * 20,
    "glpat-abcdefghijklmnop",
    "AKIAIOSFODNN7EXAMPLE",
    "xoxb-1234567890-abc",
    "AIza" + "a" * 35,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "ed-" + "0a" * 20,
)
CONFIG = """\
execution: {output_dir: out}
target: {api_endpoint: {url: "http://localhost:8080/v1/chat/completions", model_id: "${oc.env:NAME}"}}
evaluation: {tasks: [{name: ifeval}]}
"""


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_secret_is_known_by_its_name(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_other_names_are_left_alone(name: str) -> None:
    assert not is_secret_name(name)


def test_no_key_of_the_schema_but_a_key_is_taken_for_a_secret() -> None:
    def names(tree: object) -> set[str]:
        if isinstance(tree, list):
            return set().union(*map(names, tree))
        if not isinstance(tree, dict):
            return set()
        return set(tree.get("properties", {})).union(*map(names, tree.values()))

    assert [name for name in names(load_schema()) if is_secret_name(name)] == []


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("around", ["{}", "see {} there", '{{"a": "{}"}}', "X={}", "http://h/{}/x"])
def test_a_key_is_known_by_its_shape(key: str, around: str) -> None:
    assert hide(around.format(key)) == around.format(HIDDEN)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:p@ss@h/v1?x=1", "https://***@h/v1?x=1"),
        ("http://h/v1?key=a&x=1&sig=b#c", "http://h/v1?key=***&x=1&sig=***#c"),
        ("http://h/v1?auth=a?b&%61pi_key=c", "http://h/v1?auth=***&%61pi_key=***"),
        ("http://h/cb#access_token=abc&x=y", "http://h/cb#access_token=***&x=y"),
        ("http://h?a=b?token=c", "http://h?a=b?token=***"),
        ("authorization: Bearer abc.def-ghi", "authorization: Bearer ***"),
        ("http://h?key=", "http://h?key="),
        ("see http://a and mail@b", "see http://a and mail@b"),
        ("task-sk-ip", "task-sk-ip"),
        ("key-value-pairs-are-good-things", "key-value-pairs-are-good-things"),
    ],
)
def test_a_secret_is_known_by_its_place(text: str, shown: str) -> None:
    assert hide(text) == shown


def test_a_query_and_headers_by_themselves() -> None:
    assert hide_in_query('api_key=odd"key\\x&a=b') == "api_key=***&a=b"
    headers = {"Authorization": "Basic abc", "api-key": "k", "accept": "*/*", "referer": "http://h?token=abc"}
    hidden = {"Authorization": "***", "api-key": "***", "accept": "*/*", "referer": "http://h?token=***"}
    assert hide_in_headers(headers) == hidden


words = st.sampled_from(
    ["api", "key", "token", "tokens", "secret", "pat", "pass", "name", "max", "db", "url", "aws", "id"]
)
names = st.one_of(
    st.lists(words, min_size=1, max_size=4).map("_".join),
    st.lists(words, min_size=1, max_size=3).map(lambda parts: "".join(parts).upper()),
    st.sampled_from([name for name in (*SECRET_NAMES, *OTHER_NAMES) if name.isidentifier()]),
)
values = st.one_of(
    st.sampled_from(KEYS),
    st.text("abcsk-_.0123456789", min_size=1, max_size=30),
    st.sampled_from(["postgres://me:pw@db/x", "http://h/v1?key=abc", "http://h/v1", "Bearer abcdefgh"]),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secrets")


@given(name=names, value=values)
@example(name="WANDB_APIKEY", value="x")
@example(name="DATABASE_URL", value="postgres://me:pw@db/x")
def test_what_is_masked_is_what_interpolation_refuses(folder: Path, name: str, value: str) -> None:
    path = folder / "c.yaml"
    path.write_text(CONFIG.replace("NAME", name))
    try:
        refused = load_config(path=path, env={name: value}) is None
    except ConfigError as error:
        refused = any("looks like a secret" in problem.message for problem in error.problems)
        assert refused and (value not in KEYS or value not in str(error))
    assert refused == (masked_tree({name: value}) != {name: value})
    assert refused == (hide_in_headers({name: value}) != {name: value})
    assert is_secret_name(name) == (hide_in_query(f"{name}=x") != f"{name}=x")
    assert holds_secret(value) == (masked_text(value) != value) == (Scrubber().scrub(value) != value)


@given(st.text(min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_a_known_value_goes_however_it_is_written(value: str, before: str, after: str) -> None:
    value = value.encode("utf-8", "replace").decode()
    scrubber = Scrubber([value])
    if len(value.strip()) < 8 or len(value.splitlines()) != 1:
        return
    data = f"{before}{value}{after}".encode("utf-8", "replace")
    for form in (value, json.dumps(value)[1:-1], quote(value, safe=""), quote_plus(value)):
        assert form not in scrubber.known(f"<{form}>")
    encoded = base64.b64encode(data).decode()
    assert scrubber.known(encoded) != encoded


def test_short_and_missing_values_hide_nothing() -> None:
    assert Scrubber([None, "", "abc"]).known("abc") == "abc"
    assert Scrubber(["-----BEGIN\nMIIEpAIBAAKC\n-----END"]).known("x MIIEpAIBAAKC y") == "x *** y"


HOSTILE = """
import resource
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from evaldock.core.base.secrets import Scrubber, hide, hide_in_query, is_secret_name
from evaldock.core.plan.mask import masked_text
SIZE = 250_000
scrubber = Scrubber(["sk-a-real-key-0123456789"])
pieces = ["?", "&", "eyJ-", "eyJaaaaaaaa", "bearer ", " ", "?a", "&key=", "://", "://a", "a@", "sk-", "key-", "_", "Aa"]
pieces += ["key-a1", "%41", "hf_", " -e A='", ' --env="', "lit:", "'", "=", "?token", "AIza-", "?" + "a" * 200, "://a:b"]
for piece in pieces:
    text = (piece * (SIZE // len(piece) + 1))[:SIZE]
    masked_text(f"eyJ://?bearer{text}@x=")
    is_secret_name(text), hide_in_query(text), scrubber.scrub(text)
print("done")
"""


def test_hostile_text_is_done_in_bounded_time() -> None:
    """Quadratic time takes hours for these; the kernel ends the process after a minute of work."""
    done = subprocess.run([sys.executable, "-c", HOSTILE], capture_output=True, text=True, check=False)
    assert done.stdout == "done\n", done.stderr
