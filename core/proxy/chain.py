"""The interceptors of one job: what is configured, whether it can be, and the passes through them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import cast

from ..config.model import Tree
from ..config.suggest import did_you_mean
from .exchange import Exchange, JobScope, Reply
from .interceptor import EventFilter, Interceptor, StopJob, defaults, find_interceptor, known_names
from .legacy import FLAGS, from_flags
from .sse import SseEvent, SseParser

_LOG = logging.getLogger("evaldock.proxy")
_IMPLIED = "endpoint"
_TOP = ("interceptors", "mode", "discovery", "post_eval_hooks", "endpoint_type", "log_failed_requests")
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def declared(tree: Tree) -> list[tuple[str, Tree, str]]:
    """The interceptors of an `adapter_config` in their order: name, settings, and the path where each stands."""
    written = tree.get("interceptors")
    if not isinstance(written, list):
        return [(name, settings, flag) for name, settings, flag in from_flags(tree)]
    found: list[tuple[str, Tree, str]] = []
    for place, item in enumerate(cast("list[object]", written)):
        entry = cast(Tree, item) if isinstance(item, dict) else {"name": item}
        if isinstance(entry.get("name"), str) and entry.get("enabled", True) in (True, None):
            inner = entry.get("config")
            found.append(
                (str(entry.get("name")), cast(Tree, inner) if isinstance(inner, dict) else {}, f"interceptors.{place}")
            )
    return found


def check_adapter(tree: Tree) -> list[tuple[str, str]]:
    """Everything that is wrong with an `adapter_config`: (path below it, dotted; sentence)."""
    problems: list[tuple[str, str]] = []
    flags = [key for key in tree if key in FLAGS]
    for key in tree:
        if key not in _TOP and key not in FLAGS:
            problems.append((key, f"there is no setting '{key}'{did_you_mean(key, (*_TOP, *FLAGS))}"))
    written = tree.get("interceptors")
    if written is not None and not isinstance(written, list):
        return [*problems, ("interceptors", "must be a list of interceptors")]
    if isinstance(written, list) and flags:
        problems.append((flags[0], "cannot be mixed with `interceptors`; write it as an interceptor of the list"))
    for place, item in enumerate(cast("list[object]", written or [])):
        problems += _check_shape(item, f"interceptors.{place}")
    for name, settings, path in declared(tree):
        problems += _check_one(name, settings, path)
    return problems


def _check_shape(item: object, path: str) -> list[tuple[str, str]]:
    if isinstance(item, str):
        return []
    if not isinstance(item, dict) or not isinstance(cast(Tree, item).get("name"), str):
        return [(path, "must be the name of an interceptor, or a mapping with `name`")]
    entry = cast(Tree, item)
    known = ("name", "enabled", "config")
    problems = [(f"{path}.{k}", f"there is no '{k}' here{did_you_mean(k, known)}") for k in entry if k not in known]
    if not isinstance(entry.get("config"), (dict, type(None))):
        problems.append((f"{path}.config", "must be a mapping"))
    return problems


def _check_one(name: str, settings: Tree, path: str) -> list[tuple[str, str]]:
    if name == _IMPLIED:
        return []
    try:
        kind = find_interceptor(name)
    except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
        return [(path, f"the interceptor '{name}' cannot be loaded: {error}")]
    if kind is None:
        return [(path, f"there is no interceptor '{name}'{did_you_mean(name, (_IMPLIED, *known_names()))}")]
    listed = path.startswith("interceptors.")
    problems: list[tuple[str, str]] = []
    for field, value in settings.items():
        where = f"{path}.config.{field}" if listed else path
        schema = kind.fields.get(field)
        if schema is None:
            problems.append((where, f"'{name}' has no setting '{field}'{did_you_mean(field, kind.fields)}"))
        elif wrong := _wrong(schema, value):
            problems.append((where, wrong))
    missing = [field for field in kind.fields if field not in defaults(kind) and field not in settings]
    return problems + [(path, f"'{name}' needs the setting '{field}'") for field in missing]


def _wrong(schema: Tree, value: object) -> str:
    """What a value lacks of its schema, as the end of a sentence; "" when nothing."""
    kinds = schema.get("type", [])
    names = [kinds] if isinstance(kinds, str) else cast("list[str]", kinds)
    if names and not any(_is(name, value) for name in names):
        return f"must be {' or '.join(names)}, not {value!r}"
    choices = schema.get("enum")
    if isinstance(choices, list) and value not in cast("list[object]", choices):
        return f"must be one of {', '.join(map(str, cast('list[object]', choices)))}, not {value!r}"
    for bound, bad in (("minimum", "at least"), ("maximum", "at most")):
        limit = schema.get(bound)
        if isinstance(limit, (int, float)) and isinstance(value, (int, float)):
            outside = value < limit if bound == "minimum" else value > limit
            if outside:
                return f"must be {bad} {limit}, not {value!r}"
    return ""


def _is(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES.get(name, (object,)))


class Chain:
    """The interceptors of one job. `complain` takes a sentence about one that failed."""

    def __init__(self, tree: Tree, scope: JobScope, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._all = self._made(tree, scope)
        usual = [i for i in self._all if not i.raw]
        caches = [i for i in self._all if i.raw]
        backwards = usual[::-1]
        self._request = [i for i in (*usual, *caches) if _has(i, "request")]
        self._store = [i for i in caches if _has(i, "response")]
        self._response = [i for i in backwards if _has(i, "response")]
        self._raw_filters = [i for i in caches if _has(i, "stream")]
        self._filters = [i for i in backwards if _has(i, "stream")]

    def _made(self, tree: Tree, scope: JobScope) -> list[Interceptor]:
        made: list[Interceptor] = []
        for name, settings, _ in declared(tree):
            if name == _IMPLIED:
                continue
            try:
                kind = find_interceptor(name)
                if kind is None:
                    self._complain(f"There is no interceptor '{name}'; requests go on without it.")
                else:
                    made.append(kind(settings, scope))
            except Exception as error:  # noqa: BLE001 - the requests of a whole job matter more than one interceptor
                self._failed(name, error)
        return made

    def _failed(self, name: str, error: Exception) -> None:
        _LOG.warning("interceptor %s failed", name, exc_info=error)
        self._complain(f"The interceptor '{name}' failed and was passed over: {type(error).__name__}: {error}")

    def request(self, x: Exchange) -> Reply | None:
        """The request pass in declared order, caches last. A Reply is the answer in place of the endpoint's."""
        for one in self._request:
            try:
                reply = one.request(x)
            except Exception as error:  # noqa: BLE001 - see Interceptor
                self._failed(one.name, error)
                continue
            if reply is not None:
                reply.cached = one.raw
                return reply
        return None

    def store(self, x: Exchange, reply: Reply) -> None:
        """Show caches the endpoint's complete answer, before anything changes it."""
        self._respond(self._store, x, reply)

    def response(self, x: Exchange, reply: Reply) -> None:
        """The response pass in reverse order, over a complete answer. Raises StopJob when an interceptor does."""
        self._respond(self._response, x, reply)

    def _respond(self, those: list[Interceptor], x: Exchange, reply: Reply) -> None:
        stop: StopJob | None = None
        for one in those:
            try:
                one.response(x, reply)
            except StopJob as error:
                stop = stop or error
            except Exception as error:  # noqa: BLE001 - see Interceptor
                self._failed(one.name, error)
        if stop:
            raise stop

    def stream(self, x: Exchange, *, cached: bool = False) -> StreamPass | None:
        """The response pass over a streamed answer; None when nothing wants to see it."""
        filters: list[tuple[str, EventFilter]] = []
        for one in self._filters if cached else (*self._raw_filters, *self._filters):
            try:
                found = one.stream(x)
            except Exception as error:  # noqa: BLE001 - see Interceptor
                self._failed(one.name, error)
                continue
            if found is not None:
                filters.append((one.name, found))
        return StreamPass(filters, self._failed) if filters else None

    def close(self) -> None:
        """The job is over."""
        for one in self._all:
            try:
                one.close()
            except Exception as error:  # noqa: BLE001 - see Interceptor
                self._failed(one.name, error)


class StreamPass:
    """All the filters of one streamed answer, one behind the other."""

    def __init__(self, filters: list[tuple[str, EventFilter]], failed: Callable[[str, Exception], None]) -> None:
        self._filters = filters
        self._failed = failed

    def feed(self, events: list[SseEvent]) -> list[SseEvent]:
        """What goes to the harness for these events of the endpoint."""
        for place in range(len(self._filters)):
            events = self._through(place, events)
        return events

    def end(self) -> list[SseEvent]:
        """What is still to be sent at the proper end."""
        events: list[SseEvent] = []
        for place, (name, one) in enumerate(self._filters):
            events = self._through(place, events)
            try:
                events += one.end()
            except Exception as error:  # noqa: BLE001 - see Interceptor
                self._failed(name, error)
        return events

    def _through(self, place: int, events: list[SseEvent]) -> list[SseEvent]:
        name, one = self._filters[place]
        passed: list[SseEvent] = []
        for event in events:
            try:
                passed += one.feed(event)
            except Exception as error:  # noqa: BLE001 - see Interceptor
                self._failed(name, error)
                passed.append(event)
        return passed


def replay(chain: Chain, x: Exchange, body: bytes) -> bytes:
    """A streamed answer that is here as a whole, after the response pass."""
    passing = chain.stream(x, cached=True)
    if passing is None:
        return body
    parser = SseParser()
    events = passing.feed([*parser.feed(body), *parser.end()])
    return b"".join(event.raw for event in (*events, *passing.end()))


def _has(one: Interceptor, method: str) -> bool:
    return getattr(type(one), method) is not getattr(Interceptor, method)
