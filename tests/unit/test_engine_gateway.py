"""What containers are told of the proxy, and what the proxy's figures mean to the engine."""

from __future__ import annotations

from typing import Any

import pytest
from evaldock.core.engine.docker.address import host_addresses
from evaldock.core.engine.docker.create import past_proxies
from evaldock.core.engine.gateway import first_attempts, listening, proxied_url, seen_of
from evaldock.core.engine.outcome import Stop
from evaldock.core.plan.adapter import adapter_behind_proxy
from evaldock.core.plan.spec import DockerOptions, JobSpec
from evaldock.core.run.events import JobState, Reason
from evaldock.core.run.state import JobView, RunState

NATIVE = {"": "172.17.0.1", "mine": "172.20.0.1", "host": "127.0.0.1", "container:x": "172.17.0.1"}


def job(network: str | None) -> JobSpec:
    url = "https://h:1/v1/chat/completions?api-version=1"
    return JobSpec("a.0", 0, "t", "h", "i", "", "chat", url, "m", (), "t", docker=DockerOptions(network=network))


@pytest.mark.parametrize(
    ("network", "addresses", "host"),
    [
        (None, NATIVE, "host.docker.internal"),
        ("bridge", NATIVE, "host.docker.internal"),
        ("mine", NATIVE, "172.20.0.1"),
        ("host", NATIVE, "127.0.0.1"),
        ("container:x", NATIVE, "172.17.0.1"),
        # Docker in a virtual machine: nothing of it is here, and its alias leads to this machine's loopback.
        (None, {}, "host.docker.internal"),
        ("mine", {}, "host.docker.internal"),
        ("host", {}, "host.docker.internal"),
    ],
)
def test_the_url_that_a_container_is_told(network: str | None, addresses: dict[str, str], host: str) -> None:
    assert proxied_url(job(network), 99, addresses) == f"http://{host}:99/v1/chat/completions"


CONFIGURED = {"http_proxy": "http://p", "HTTP_PROXY": "http://p", "no_proxy": "a,b", "NO_PROXY": "a,b"}


def both(text: str) -> dict[str, str]:
    """What is reached without a proxy, in both spellings."""
    return {"NO_PROXY": text, "no_proxy": text}


@pytest.mark.parametrize(
    ("values", "configured", "wanted"),
    [
        ({"A": "1"}, {}, {"A": "1"}),
        ({"HTTPS_PROXY": "p"}, {}, {"HTTPS_PROXY": "p", **both("localhost,127.0.0.1,h")}),
        ({"HTTP_PROXY": "p", "NO_PROXY": "*"}, {}, {"HTTP_PROXY": "p", **both("*")}),
        ({"HTTP_PROXY": "p"}, {}, {"HTTP_PROXY": "p", **both("localhost,127.0.0.1,h")}),
        ({"all_proxy": "p", "NO_PROXY": "x"}, {}, {"all_proxy": "p", **both("x,localhost,127.0.0.1,h")}),
        ({"A": "1", "no_proxy": "h"}, CONFIGURED, {"A": "1", **both("a,b,h,localhost,127.0.0.1")}),
        ({"HTTP_PROXY": "", "http_proxy": ""}, CONFIGURED, {"HTTP_PROXY": "", "http_proxy": ""}),
    ],
)
def test_the_way_to_our_proxy_never_leads_through_another(
    values: dict[str, str], configured: dict[str, str], wanted: dict[str, str]
) -> None:
    assert past_proxies(values, configured, "h") == wanted
    assert past_proxies(values, configured, "") == values


def test_where_a_proxy_listens() -> None:
    assert listening({}) == ["127.0.0.1"]
    assert listening({"": "172.17.0.1", "host": "127.0.0.1", "x": "172.17.0.1"}) == ["127.0.0.1", "172.17.0.1"]


class VirtualMachine:
    """What the Engine of a virtual machine says of its networks; its bridges are not on this machine."""

    def inspect_network(self, name: str) -> dict[str, Any]:
        options = {"com.docker.network.bridge.name": "docker-not-here"} if name == "bridge" else {}
        return {"Id": "f" * 64, "Options": options, "IPAM": {"Config": [{"Gateway": "203.0.113.1/24"}]}}

    def inspect_container(self, name: str) -> dict[str, Any]:
        return {"NetworkSettings": {"Networks": {"mine": {}}}}


def test_a_docker_that_is_not_on_this_machine_has_no_address_here() -> None:
    assert host_addresses(VirtualMachine(), ["", "mine", "host", "none", "container:x"]) == {}


def test_the_figures_of_an_attempt() -> None:
    figures = {
        "ok": 5, "failed": 2, "answers": 6, "unanswered": 1, "gaps": 1, "cancelled": 3, "retried": 4, "cached": 2,
        "by_status": {"500": 2, "200": 5}, "finish_reasons": {"stop": 5}, "refused": None, "fatal": None,
    }  # fmt: skip
    seen = seen_of(figures)
    counts = seen.counts
    assert (counts.total, counts.ok, counts.answers, counts.unanswered, counts.gaps) == (7, 5, 6, 1, 1)
    assert counts.by_status == (("200", 5), ("500", 2))
    assert (counts.cancelled, counts.retried, counts.cached, counts.refused) == (3, 4, 2, "")
    assert seen.stop is None
    assert seen_of({"ok": "x", "by_status": 3}).counts.total == 0


@pytest.mark.parametrize(("told", "reason"), [("unauthorized", Reason.UNAUTHORIZED), ("", Reason.INTERCEPTOR)])
def test_why_the_proxy_wants_a_job_to_end(told: str, reason: Reason) -> None:
    assert seen_of({"fatal": "It cannot.", "fatal_reason": told}).stop == Stop(reason, "It cannot.")


def names(config: dict[str, object], key: str) -> list[str]:
    return [item["name"] for item in config[key]]  # type: ignore[attr-defined]


def test_a_nemo_container_keeps_its_report_and_answers_nothing_from_its_own_cache() -> None:
    found = adapter_behind_proxy({"interceptors": ["reasoning", "caching"]})
    assert names(found, "interceptors") == ["caching", "endpoint", "response_stats"]
    cache = found["interceptors"][0]["config"]  # type: ignore[index]
    assert (cache["reuse_cached_responses"], cache["max_saved_requests"]) == (False, 5)
    assert names(found, "post_eval_hooks") == ["post_eval_report"]


def test_what_is_the_container_s_own_affair_reaches_it() -> None:
    hooks = [{"name": "mine"}]
    found = adapter_behind_proxy({"post_eval_hooks": hooks, "discovery": {"modules": ["m"]}, "use_reasoning": True})
    assert (found["post_eval_hooks"], found["discovery"]) == (hooks, {"modules": ["m"]})
    assert "use_reasoning" not in found
    assert adapter_behind_proxy({"generate_html_report": False})["post_eval_hooks"] == []
    sizes = adapter_behind_proxy({"html_report_size": None})["interceptors"][0]["config"]  # type: ignore[index]
    assert "max_saved_requests" not in sizes, "null is no limit"


def test_only_what_runs_or_starts_first_is_known_to_the_proxy_from_the_start() -> None:
    states = {
        "a.0": "succeeded",
        "a.1": "queued",
        "a.2": "running",
        "a.3": "queued",
        "a.4": "stopping",
        "a.5": "queued",
    }
    views = {job: JobView(job, "t", JobState(state), attempt=n + 1) for n, (job, state) in enumerate(states.items())}
    state = RunState("a", views)
    assert first_attempts(state, 3) == {"a.2": 3, "a.4": 5, "a.1": 2}
    assert first_attempts(state, 1) == {"a.2": 3, "a.4": 5}
    assert first_attempts(RunState("a", {}), 4) == {}
