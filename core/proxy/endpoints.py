"""What the proxy and the checks both know of an endpoint: its base, the way to it, what it said. Imports no asyncio.

The checks run before every run; what the proxy needs to serve would cost them a tenth of a second.
"""

from __future__ import annotations

import ssl
from typing import cast

from ..config.model import Tree
from .exchange import parse_json

_SUFFIXES = ("/chat/completions", "/completions", "/embeddings", "/responses")
_QUOTED = 240


def one_line(text: str) -> str:
    """`text` on one line of bounded length, with nothing in it that cannot be printed."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _QUOTED else line[: _QUOTED - 1] + "…"


def kind_of(path: str) -> str:
    """The list that an answer of this operation has; "" for an operation that is not known."""
    last = path.rstrip("/").rpartition("/")[2]
    return {"completions": "choices", "embeddings": "data", "responses": "output", "messages": "content"}.get(last, "")


def base_path(path: str) -> str:
    """The path of an endpoint URL without its operation and without a slash at its end."""
    bare = path.rstrip("/")
    for suffix in _SUFFIXES:
        if bare.endswith(suffix):
            return bare.removesuffix(suffix)
    return bare


def trust() -> ssl.SSLContext:
    """Certificates as OpenSSL finds them, so that SSL_CERT_FILE and SSL_CERT_DIR count."""
    context = ssl.create_default_context()
    # Python 3.13 turns away authorities without every extension of RFC 5280. Many companies' own are such, and curl,
    # browsers and Python 3.12 take them.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def said_in(body: bytes) -> str:
    """The message of an error answer, whatever shape it has."""
    tree = parse_json(body[:65536])
    if isinstance(tree, dict):
        found = cast(Tree, tree)
        error = found.get("error", found.get("detail", found.get("message")))
        if said := words_of(error):
            return said
    return body[:2048].decode("utf-8", "replace")


def words_of(error: object) -> str:
    """The words in an error's value: a text, or an object with a message; "" when there are none."""
    if isinstance(error, dict):
        tree = cast(Tree, error)
        error = tree.get("message") or tree.get("detail") or tree.get("code")
    return str(error) if isinstance(error, (str, int)) and not isinstance(error, bool) else ""
