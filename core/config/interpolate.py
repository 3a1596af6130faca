"""`${a.b}`, `${.sibling}`, `${oc.env:X,default}`, `${oc.select:a.b,default}` and `${oc.decode:text}` become values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..base.errors import EvaldockError
from ..base.secrets import holds_secret, is_secret_name
from .model import ConfigError, ConfigProblem
from .node import MANDATORY, MAX_DEPTH, Node, Steps, child, format_steps, nearest, plain, printable, rebuild, walk
from .override_value import Unreadable, parse_value
from .suggest import did_you_mean
from .yaml_nodes import parse_yaml

MAX_CHAIN = 30
MAX_COPIED = 10_000
MAX_TEXT = 1_000_000
MAX_PROBLEMS = 200

_RESOLVER = re.compile(r"([A-Za-z_][\w.]*):(.*)", re.DOTALL)
_PATH = re.compile(r"\.*[^\s.:${}\[\]][^\s:${}]*")


_NAMED = re.compile(r"\$\{(?:oc\.select:)?([^\W\d][^\s,:${}]*)")


def references(root: Node) -> frozenset[str]:
    """The paths from the top that interpolations anywhere in `root` name."""
    texts = (node.value for _, node in walk(root) if isinstance(node.value, str) and "${" in node.value)
    return frozenset(path for text in texts for path in _NAMED.findall(text))


def resolve(root: Node, env: Mapping[str, str]) -> tuple[Node, list[ConfigProblem]]:
    """`root` with all interpolations replaced; those that fail stay as they are, marked broken."""
    resolver = _Resolver(root, env)
    return resolver.tree(root, ()), resolver.problems


class _Failed(EvaldockError):
    """One interpolation cannot be resolved; the text is the problem's sentence, empty when told elsewhere."""


class _Missing(_Failed):
    """Nothing stands where a reference leads."""


@dataclass(frozen=True)
class _Expression:
    """`${...}`: its text, and its body in parts."""

    text: str
    body: tuple[str | _Expression, ...]


@dataclass
class _Resolver:
    root: Node
    env: Mapping[str, str]
    problems: list[ConfigProblem] = field(default_factory=list[ConfigProblem])
    done: dict[Steps, Node] = field(default_factory=dict[Steps, Node])
    chain: list[Steps] = field(default_factory=list[Steps])
    copied: int = 0
    characters: int = 0

    def tree(self, node: Node, steps: Steps) -> Node:
        """`node`, which stands at `steps`, and everything below it."""
        return rebuild(node, steps, self.leaf)

    def leaf(self, node: Node, steps: Steps) -> Node:
        """The value of one scalar."""
        text = node.value
        if not isinstance(text, str) or "${" not in text or node.shown is not None:
            return node
        if steps in self.done:
            return self.done[steps]
        if steps in self.chain:
            circle = [*self.chain[self.chain.index(steps) :], steps]
            raise _Failed("refers to itself: " + " -> ".join(format_steps(s) for s in circle))
        if len(self.chain) >= MAX_CHAIN:
            raise _Failed(f"is a chain of more than {MAX_CHAIN} references")
        self.chain.append(steps)
        try:
            found = self.combine(_parse(text), text, node, steps)
        except _Failed as failure:
            if str(failure) and len(self.problems) < MAX_PROBLEMS:
                self.problems.append(ConfigProblem(str(failure), format_steps(steps), node.origin))
            found = replace(node, broken=True)
        finally:
            self.chain.pop()
        self.done[steps] = found
        return found

    def combine(self, parts: tuple[str | _Expression, ...], text: str, node: Node, steps: Steps) -> Node:
        """The node for a parsed text: one lone expression keeps its type, everything else is text."""
        if len(parts) == 1 and isinstance(parts[0], _Expression):
            found = self.evaluate(parts[0], steps)
            return replace(found, origin=node.origin, key=node.key)
        value, shown = "", ""
        used: frozenset[str] = frozenset()
        for part in parts:
            if isinstance(part, str):
                value += part
                shown += part.replace("${", "\\${")
                continue
            found = self.evaluate(part, steps)
            if isinstance(found.value, (dict, list)):
                raise _Failed(f"{printable(part.text)} is a mapping or a list and cannot be part of a text")
            value += _as_text(found)
            shown += found.shown if found.shown is not None else _as_text(found)
            used |= found.env
            self.grow(len(value))
        return replace(node, value=value, raw=None, shown=shown if shown != value else None, env=used)

    def evaluate(self, expression: _Expression, steps: Steps) -> Node:
        """The node that one `${...}` stands for."""
        self.copy(None)
        self.grow(0)
        at = nearest(self.root, steps)
        inner = self.combine(expression.body, expression.text, replace(at, value="", shown=None), steps)
        body = _as_text(inner).strip()
        call = _RESOLVER.fullmatch(body)
        if call is None:
            return self.reference(expression, body, steps)
        name, argument = call[1], call[2]
        if name == "oc.env":
            return self.from_environment(expression, argument, inner)
        if name == "oc.decode":
            return self.decode(expression, argument, inner)
        if name == "oc.select":
            return self.select(expression, argument, inner, steps)
        supported = (
            "expected ${path.to.key}, ${oc.env:NAME}, ${oc.env:NAME,default}, ${oc.select:path.to.key,default} or "
            "${oc.decode:text}"
        )
        raise _Failed(f"{printable(expression.text)} is not supported; {supported}")

    def from_environment(self, expression: _Expression, argument: str, inner: Node) -> Node:
        """`${oc.env:NAME,default}`."""
        name, comma, default = (part.strip() for part in argument.partition(","))
        value = self.env.get(name)
        if is_secret_name(name) or (value and holds_secret(value)):
            raise _Failed(
                f"${{oc.env:{printable(name)}}} looks like a secret, and evaldock stores no secret; name the "
                "variable in target.api_endpoint.api_key_name or in env_vars instead"
            )
        if value is None:
            if not comma:
                shown = printable(name)
                raise _Failed(
                    f"the environment variable {shown} is not set; set it, or write ${{oc.env:{shown},default}}"
                )
            value = None if default == "null" else default
        return replace(inner, value=value, raw=None, shown=expression.text, env=inner.env | {name})

    def select(self, expression: _Expression, argument: str, inner: Node, steps: Steps) -> Node:
        """`${oc.select:path,default}`: what stands at a path, or the default where nothing does."""
        path, comma, default = (part.strip() for part in argument.partition(","))
        try:
            found = self.reference(expression, path, steps)
        except _Missing:
            found = replace(inner, value=MANDATORY)
        if found.value == MANDATORY:
            try:
                found = parse_value(default, inner.origin) if default else replace(inner, value="" if comma else None)
            except Unreadable as error:
                raise _Failed(f"{printable(expression.text)}: the default {error}") from None
            found = replace(found, raw=None, shown=expression.text if inner.env else None, env=inner.env)
        return found

    def decode(self, expression: _Expression, argument: str, inner: Node) -> Node:
        """`${oc.decode:text}`: the text read as YAML."""
        try:
            found, problems = parse_yaml(argument, lambda line, column: inner.origin)
        except ConfigError:
            problems, found = [ConfigProblem("")], inner
        if problems:
            raise _Failed(f"{printable(expression.text)}: the text is not a YAML value")
        self.copy(found)
        shown = expression.text if inner.env else None
        return replace(found, shown=shown, env=inner.env, raw=None)

    def reference(self, expression: _Expression, body: str, steps: Steps) -> Node:
        """`${a.b}`, or relative to the key's own mapping with leading dots."""
        if not _PATH.fullmatch(body):
            raise _Failed(f"{printable(expression.text)} is not an interpolation; expected ${{path.to.key}}")
        dots = len(body) - len(body.lstrip("."))
        if dots > len(steps):
            raise _Failed(f"{printable(expression.text)} goes above the top of the config")
        start = steps[: len(steps) - dots] if dots else ()
        node, place = self.locate(re.sub(r"\[(\d+)\]", r".\1", body.lstrip(".")).split("."), start, expression)
        if steps[: len(place)] == place:
            raise _Failed(f"{printable(expression.text)} refers to itself")
        found = self.tree(node, place)
        self.copy(found)
        if any(below.broken for _, below in walk(found)):
            raise _Failed
        if len(steps) + max(len(below) for below, _ in walk(found)) > MAX_DEPTH:
            raise _Failed(f"is nested more than {MAX_DEPTH} levels deep")
        return found

    def locate(self, parts: list[str], start: Steps, expression: _Expression) -> tuple[Node, Steps]:
        """The node at a path, through interpolations on the way."""
        node, steps = nearest(self.root, start), start
        for part in parts:
            node = self.tree(node, steps) if isinstance(node.value, str) else node
            if node.broken:
                raise _Failed
            step: str | int = part
            if isinstance(node.value, list) and part.isascii() and part.isdigit() and len(part) < 9:
                step = int(part)
            below = child(node, step)
            if below is None:
                known = node.value if isinstance(node.value, dict) else ()
                where = format_steps((*steps, step))
                hint = did_you_mean(part, known)
                if part.isupper():
                    hint += f"; for an environment variable write ${{oc.env:{printable(part)}}}"
                raise _Missing(f"{printable(expression.text)}: there is no {where}{hint}")
            node, steps = below, (*steps, step)
        return node, steps

    def copy(self, node: Node | None) -> None:
        """Count what interpolations copy."""
        self.copied += sum(1 for _ in walk(node)) if node else 0
        if self.copied > MAX_COPIED:
            raise _Failed(f"interpolations copy more than {MAX_COPIED} values")

    def grow(self, characters: int) -> None:
        """Count the text that interpolations make."""
        self.characters += characters
        if self.characters > MAX_TEXT:
            raise _Failed("interpolations make more than 1 MB of text")


def _as_text(node: Node) -> str:
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    return "null" if node.value is None else str(plain(node))


def _parse(text: str) -> tuple[str | _Expression, ...]:
    parts, end = _parse_from(text, 0, 0)
    assert end == len(text)
    return parts


def _parse_from(text: str, start: int, depth: int) -> tuple[tuple[str | _Expression, ...], int]:
    """Parts of `text` from `start` to its end, or to the brace that closes the expression it is in."""
    if depth > 10:
        raise _Failed("nests ${ more than 10 deep")
    parts: list[str | _Expression] = []
    literal, at = "", start
    while at < len(text):
        if text.startswith("\\${", at):
            literal, at = literal + "${", at + 3
        elif text.startswith("${", at):
            body, end = _parse_from(text, at + 2, depth + 1)
            if end >= len(text):
                raise _Failed("has a '${' without its '}'; write \\${ for the text itself")
            parts += [literal] if literal else []
            parts.append(_Expression(text[at : end + 1], body))
            literal, at = "", end + 1
        elif depth and text[at] == "}":
            break
        else:
            literal, at = literal + text[at], at + 1
    parts += [literal] if literal else []
    return tuple(parts), at
