"""What an interceptor is, and where interceptors come from.

Every interceptor is a class behind an entry point of the group `evaldock.interceptors`, named like the interceptor.
The built-in ones are files in `interceptors/`; a plug-in is any other installed package with such an entry point.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from ..base.errors import EvaldockError
from ..config.interceptors import find_class
from ..config.model import Tree
from .exchange import Exchange, JobScope, Reply
from .sse import SseEvent


class StopJob(EvaldockError):
    """Raised by an interceptor: this job cannot succeed any more. The message is a sentence for the user.

    The harness still gets its answer; the engine ends the job.
    """


class TooMuch(EvaldockError):
    """Raised by a filter: this streamed answer takes too much memory, and is cut off. The message is a clause."""


class EventFilter:
    """Changes one streamed answer event by event. This one changes nothing."""

    def feed(self, event: SseEvent) -> list[SseEvent]:
        """What goes on in place of `event`: itself, others (`sse.make_event`), or nothing yet."""
        return [event]

    def end(self) -> list[SseEvent]:
        """What is still to be sent. Called only when the endpoint's answer came to its proper end."""
        return []


class Interceptor:
    """Sees every request of one job before the endpoint does, and every answer before the harness does.

    `fields`: JSON schema of each setting by name, with `title` and `default`; one without default is required.
    `settings` has a value for each of them. All methods are called on one thread and must be fast. An exception
    is logged and counted, and the request goes on as if the interceptor was not there; the job's score is suspect then.

    `raw`: its `request` runs when all other interceptors are through with the request, and its `response` and its
    stream filter get the endpoint's untouched answer, wherever it is listed. That is what a cache needs.
    """

    name: ClassVar[str] = ""
    stage: ClassVar[Literal["request", "both", "response"]] = "both"
    fields: ClassVar[dict[str, Tree]] = {}
    raw: ClassVar[bool] = False

    def __init__(self, settings: Tree, scope: JobScope) -> None:
        self.settings: Tree = {**defaults(type(self)), **settings}
        self.scope = scope

    def request(self, x: Exchange) -> Reply | None:
        """Look at or change a request. A Reply is the answer; the endpoint is not asked then."""
        return None

    def response(self, x: Exchange, reply: Reply) -> None:
        """Look at or change a complete answer in place."""

    def stream(self, x: Exchange) -> EventFilter | None:
        """A filter for one streamed answer; None leaves it alone."""
        return None

    def close(self) -> None:
        """The job is over: write down what is to be kept."""


def defaults(kind: type[Interceptor]) -> Tree:
    """The settings of an interceptor when nothing is written."""
    return {name: schema["default"] for name, schema in kind.fields.items() if "default" in schema}


def find_interceptor(name: str) -> type[Interceptor] | None:
    """The class of an interceptor; None when there is none of this name. Raises what a broken plug-in raises."""
    found = find_class(name)
    if found is None or issubclass(found, Interceptor):
        return found
    raise TypeError(f"the plug-in interceptor '{name}' is not a subclass of Interceptor")
