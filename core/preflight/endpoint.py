"""The endpoint itself: reachable, key, model, protocol and clock, by one look at its models and one small request.

Which of several things is wrong is told by the order of questions: no HTTP answer at all; an answer that names the key
(401, 403), the model, or the address (404, 405, a redirect); any other refusal of the request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import cast

from ..base.urls import bare_url
from ..config.suggest import listing, near
from .model import Check
from .smallest import has_items, lacks, smallest
from .targets import Target
from .wire import WITH_PASSWORD, EndpointAnswer, EndpointUnreachable, ask

PATIENCE = 20.0
"""Seconds that a one-token request may take."""

CERTAIN = frozenset(("endpoint", "key", "model", "url"))
"""Checks whose failure means that no request can succeed; what else fails may be a passing weakness."""

_CONNECT = 5.0
_SKEW = 60.0
_PASSING = (502, 503, 504, 529)
_LIMIT_FIELD = "max_completion_tokens"
_UNKNOWN = re.compile(
    r"model.{0,80}?(?:not.?found|not exist|unknown|not served)|(?:unknown|invalid|no such) model", re.S
)
_REFUSED = re.compile(r"not (?:available|supported|found)|not exist|unknown|no such|not served")
_HEADERS = ("authorization", "api-key", "x-api-key")


def endpoint_checks(target: Target) -> Iterator[Check]:
    """What there is to say about one endpoint, in `PATIENCE` seconds and a few."""
    talk = _Talk(target, PATIENCE)
    if (wrong := unsendable(target)) is not None:
        yield wrong
        return
    if target.key_name and not target.key:
        yield talk.no_key()
    try:
        first = talk.list_models(_CONNECT)
        way = f" through the proxy {first.through}" if first.through else ""
        yield Check("endpoint", "ok", f"{target.origin} answers in {_ms(first.seconds)}{way}")
        if target.key_name and not target.key:
            yield Check(target.label, "skipped", "not asked: the key is missing")
        else:
            yield from talk.request()
        yield clock(first)
    except EndpointUnreachable as problem:
        yield Check("endpoint", "fail", problem.text, problem.remedy)


def early_checks(target: Target, patience: float) -> Iterator[Check]:
    """The failures that are `CERTAIN`, found with the smallest request alone; slowness is none."""
    talk = _Talk(target, patience)
    if (wrong := unsendable(target)) is not None:
        yield wrong
        return
    try:
        answer = talk.post()
    except EndpointUnreachable as problem:
        if not problem.late:
            yield Check("endpoint", "fail", problem.text, problem.remedy)
        return
    if answer.status == 200 and has_items(target.kind, answer):
        return
    yield from (check for check in talk.judge(answer) if check.state == "fail" and check.name in CERTAIN)


def unsendable(target: Target) -> Check | None:
    """What is wrong with a key that cannot stand in a header; None for any other."""
    key = (target.key or "").strip()
    place = next((n for n, c in enumerate(key, 1) if not "!" <= c <= "~"), None)
    if place is None:
        return None
    found = key[place - 1]
    what = {"\n": "a line break", "\r": "a line break", " ": "a space"}.get(found, f"the character U+{ord(found):04X}")
    name = target.key_name or "the API key"
    text = f"{name} holds {what} at place {place} of {len(key)}, which no key has"
    return Check("key", "fail", text, "Copy the key again: pages and editors put such characters in.")


@dataclass
class _Talk:
    """The conversation with one endpoint."""

    target: Target
    patience: float
    models: EndpointAnswer | None = None
    header: str = ""

    def __post_init__(self) -> None:
        self.header = (self.target.key_header or _HEADERS[0]).lower()

    def no_key(self) -> Check:
        """The variable is named and has no value."""
        name = self.target.key_name
        state = "is not set" if self.target.key is None else "is empty"
        return Check("key", "fail", f"{name} {state}", f"Set it (export {name}=...), or give a file with --env-file.")

    def list_models(self, timeout: float) -> EndpointAnswer:
        """The answer to GET /models, asked once. Raises Unreachable."""
        if self.models is None:
            self.models = self.ask(self.target.models_url, timeout)
        return self.models

    def listed(self) -> list[str]:
        """The models that the endpoint says it has; empty when it does not say."""
        try:
            return model_ids(self.list_models(self.patience))
        except EndpointUnreachable:
            return []

    def request(self) -> Iterator[Check]:
        """Send the smallest request and say what its answer means."""
        try:
            answer = self.post()
        except EndpointUnreachable as problem:
            yield Check(self.target.label, "fail", problem.text, problem.remedy)
        else:
            yield from self.judge(answer)

    def judge(self, answer: EndpointAnswer) -> Iterator[Check]:
        """What the answer to the smallest request means; a failure that a proxy may have made names the proxy."""
        if answer.status == 407 and answer.through:
            text = f"the proxy {answer.through} requires a user and a password (407)"
            yield Check("endpoint", "fail", text, WITH_PASSWORD)
            return
        for check in self._judged(answer):
            bad = answer.through and check.state in ("fail", "warn")
            yield replace(check, text=f"{check.text} (through the proxy {answer.through})") if bad else check

    def _judged(self, answer: EndpointAnswer) -> Iterator[Check]:
        message = answer.said(self.target.key)
        if answer.status in (401, 403):
            yield self.rejected(answer.status, message)
            return
        yield self.accepted(answer)
        if 200 <= answer.status < 300:
            yield from self.served(answer)
        elif self.says_unknown_model(answer, message):
            yield self.unknown_model(message)
        elif answer.status in (404, 405) or 300 <= answer.status < 400:
            yield self.wrong_path(answer)
        else:
            yield self.refused(answer.status, message)

    def post(self) -> EndpointAnswer:
        """The answer to the smallest request; newer models want another name for the limit."""
        answer = self.send(smallest(self.target.kind, self.target.model_id))
        if answer.status == 400 and b"max_tokens" in answer.body:
            return self.send(smallest(self.target.kind, self.target.model_id, limit=_LIMIT_FIELD))
        return answer

    def send(self, body: dict[str, object]) -> EndpointAnswer:
        """The answer to a request. A key that is refused is tried in the other headers that carry one."""
        answer = self.ask(self.target.url, self.patience, body)
        if answer.status not in (401, 403) or not self.target.key or self.target.key_header:
            return answer
        first = self.header
        for self.header in _HEADERS:
            if self.header == first:
                continue
            other = self.ask(self.target.url, self.patience, body)
            if other.status not in (401, 403):
                return other
        self.header = first
        return answer

    def ask(self, url: str, timeout: float, body: dict[str, object] | None = None) -> EndpointAnswer:
        """One request with the key. Raises Unreachable."""
        return ask(url, key=self.target.key, body=body, timeout=timeout, header=self.header)

    def rejected(self, status: int, message: str) -> Check:
        """401 or 403."""
        said = f" ({status}): {message}" if message else f" ({status})"
        if not self.target.key_name:
            remedy = "Name the variable that holds it in target.api_endpoint.api_key_name."
            return Check("key", "fail", f"the endpoint wants a key and none is named{said}", remedy)
        remedy = f"See that {self.target.key_name} holds a valid key that may use this model."
        key = (self.target.key or "").strip()
        if len(key) > 1 and key[0] == key[-1] and key[0] in "'\"":
            remedy = f"{self.target.key_name} begins and ends with a quote: remove them from the value."
        return Check("key", "fail", f"{self.target.key_name} is rejected{said}", remedy)

    def accepted(self, answer: EndpointAnswer) -> Check:
        """Nothing was said against the key."""
        if not self.target.key_name:
            return Check("key", "ok", "none needed")
        known = f"{self.target.key_name} is accepted"
        return Check("key", "ok", known if answer.status == 200 else f"{self.target.key_name} is not refused")

    def served(self, answer: EndpointAnswer) -> Iterator[Check]:
        """200: the model, and whether the answer is one."""
        kind, model, models = self.target.kind, self.target.model_id, self.listed()
        missing = lacks(kind, answer)
        if missing and not has_items(kind, answer):
            yield self.no_answer(answer, missing)
            return
        if not model:
            yield Check("model", "skipped", "no target.api_endpoint.model_id is given")
        elif model in models or not models:
            yield Check("model", "ok", model if models else f"{model} answers; the endpoint lists no models")
        else:
            remedy = "If another model is meant, correct target.api_endpoint.model_id."
            yield Check("model", "warn", f"{model} is not among {listing(models, 4)}, but it is answered", remedy)
        wait = self.target.patience
        if missing:
            remedy = "See that target.api_endpoint.url is that of the API, and of the right protocol."
            yield Check(self.target.label, "fail", f"the endpoint answers {missing}", remedy)
        elif wait is not None and answer.seconds > wait:
            remedy = "Raise config.params.request_timeout, or give the endpoint less to do."
            yield Check(
                self.target.label,
                "warn",
                f"one token took {_ms(answer.seconds)}; tasks give up after {wait:g} s",
                remedy,
            )
        else:
            yield Check(
                self.target.label, "ok", f"one {'vector' if kind == 'embedding' else 'token'} in {_ms(answer.seconds)}"
            )

    def no_answer(self, answer: EndpointAnswer, missing: str) -> Check:
        """200 without an answer in it, as servers give for paths that they do not know."""
        message = answer.said(self.target.key) if answer.tree.get("error") else ""
        said = f": {message}" if message else ""
        error = answer.tree.get("error")
        code = cast("dict[str, object]", error).get("code") if isinstance(error, dict) else None
        if isinstance(code, int) and (code in (408, 409, 425, 429) or code >= 500):
            return Check(self.target.label, "warn", f"the endpoint answers {missing}{said}", "It may be overloaded.")
        return Check("url", "fail", f"the endpoint answers {missing}{said}", self.better_path())

    def says_unknown_model(self, answer: EndpointAnswer, message: str) -> bool:
        """Whether a refusal is about the model's name: servers word it differently and use different codes."""
        error = answer.tree.get("error")
        code = cast("dict[str, object]", error).get("code") if isinstance(error, dict) else None
        low, name = message.lower(), self.target.model_id.lower()
        says = bool(_UNKNOWN.search(low)) or (name != "" and name in low and bool(_REFUSED.search(low)))
        told = answer.status in (400, 404, 422) and (code in ("model_not_found", "invalid_model") or says)
        # A model that is listed is refused for another reason, which the endpoint's words tell.
        return told and self.target.model_id not in self.listed()

    def unknown_model(self, message: str) -> Check:
        """The endpoint does not serve this model."""
        model, models = self.target.model_id, self.listed()
        match = near(model, models)
        if models:
            text = f"the endpoint does not serve '{model}', but {listing(models, 4)}"
            remedy = f"Write target.api_endpoint.model_id: {match or models[0]}"
        else:
            text = f"the endpoint does not serve '{model}'" + (f": {message}" if message else "")
            remedy = "Correct target.api_endpoint.model_id."
        return Check("model", "fail", text, remedy)

    def wrong_path(self, answer: EndpointAnswer) -> Check:
        """Something answers, but nothing at this path."""
        shown = bare_url(self.target.url)
        if 300 <= answer.status < 400:
            place = answer.headers.get("location", "elsewhere")
            remedy = "Write the new address into target.api_endpoint.url: requests are not sent on."
            return Check("url", "warn", f"{shown} redirects to {bare_url(place)}", remedy)
        message = answer.said(self.target.key)
        if answer.tree.get("error") and message.lower().strip(" .") not in ("", "not found"):
            remedy = f"{self.better_path()} Or see whether the model takes requests of this kind ({self.target.kind})."
            return Check("url", "fail", f"{shown} answers {answer.status}: {message}", remedy)
        what = "takes no requests of this kind" if answer.status == 405 else "is not there: the path is wrong"
        return Check("url", "fail", f"{shown} {what} ({answer.status})", self.better_path())

    def better_path(self) -> str:
        """Where the API probably is."""
        method = {"embedding": "embeddings", "chat": "chat/completions", "vlm": "chat/completions"}
        ending = method.get(self.target.kind, "completions")
        bases = [self.target.models_url.removesuffix("/models")] if self.listed() else []
        bases += [f"{self.target.origin}{base}" for base in ("/v1", "/api/v1", "/openai/v1")]
        for base in bases:
            try:
                found = self.ask(f"{base}/models", min(self.patience, 2.0))
            except EndpointUnreachable:
                break
            better = f"{base}/{ending}"
            if model_ids(found) and better != self.target.url:
                return f"Models are listed at {base}/models: write target.api_endpoint.url: {better}"
        usual = "" if self.target.url.endswith(f"/v1/{ending}") else f"; it usually ends in /v1/{ending}"
        return f"Correct target.api_endpoint.url{usual}."

    def refused(self, status: int, message: str) -> Check:
        """Any other failure."""
        said = f"answers {status}" + (f": {message}" if message else "")
        if status == 429:
            return Check(self.target.label, "warn", f"the endpoint {said}", "It limits requests: lower parallelism.")
        if status in _PASSING:
            return Check(self.target.label, "warn", f"the endpoint {said}", "It may be starting, or overloaded.")
        remedy = f"See whether the endpoint takes requests of this kind ({self.target.kind}) for this model."
        return Check(self.target.label, "warn", f"the endpoint refuses the smallest request: it {said}", remedy)


def model_ids(answer: EndpointAnswer) -> list[str]:
    """The ids in an answer to GET /models; empty when it lists none."""
    items = answer.tree.get("data") if answer.status == 200 else None
    rows = cast("list[object]", items) if isinstance(items, list) else []
    ids = [cast("dict[str, object]", row).get("id") for row in rows if isinstance(row, dict)]
    return [found for found in ids if isinstance(found, str)]


def clock(answer: EndpointAnswer) -> Check:
    """This machine's clock against the endpoint's."""
    try:
        theirs = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return Check("clock", "skipped", "the endpoint tells no time")
    # The header has whole seconds, cut off.
    apart = answer.at - theirs
    if -_SKEW < apart - 0.5 < _SKEW:
        return Check("clock", "ok", "agrees with the endpoint's")
    which = "ahead of" if apart > 0 else "behind"
    return Check(
        "clock",
        "warn",
        f"this machine is {abs(apart):.0f} s {which} the endpoint",
        "Set the clock (timedatectl set-ntp true): certificates and signed requests depend on it.",
    )


def with_tasks(check: Check, target: Target) -> Check:
    """The check, saying which tasks it is about, for a plan with several endpoints."""
    few = ", ".join(target.tasks[:3]) + (", ..." if len(target.tasks) > 3 else "")
    return replace(check, text=f"{check.text} ({few})", tasks=target.tasks)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
