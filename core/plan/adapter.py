"""`adapter_config` as NVIDIA's core accepts it.

The core refuses interceptors that are not in the order request -> request_to_response -> response (by a crash in
a child process and five minutes of waiting), and does nothing without an explicit `endpoint`. People write them in
any order, so they are sorted here by stage, keeping the written order inside a stage.
"""

from __future__ import annotations

import posixpath
from typing import cast

from ..config.model import Tree
from .spec import RESULTS_PATH
from .trees import copied

_STAGES = {
    "system_message": 0,
    "payload_modifier": 0,
    "request_logging": 0,
    "omni_info": 0,
    "caching": 1,
    "nvcf": 1,
    "endpoint": 2,
    "response_stats": 3,
    "response_logging": 3,
    "reasoning": 3,
    "progress_tracking": 3,
    "raise_client_errors": 3,
}
_COUNTER = "response_stats"
_PATHS = ("cache_dir", "caching_dir", "output_dir")
_CORE_OWN = ("mode", "discovery", "endpoint_type", "log_failed_requests")
_REPORT_SIZE = 5


def core_adapter_config(config: Tree) -> Tree:
    """A copy of `config` with ordered interceptors, `endpoint` added, and relative directories under /results."""
    result = _anchored(config)
    written = config.get("interceptors")
    if isinstance(written, list) and written:
        result["interceptors"] = _ordered([_interceptor(item) for item in cast("list[object]", written)])
    return result


def adapter_behind_proxy(config: Tree) -> Tree:
    """What a NeMo container is told when the interceptors of `config` work in the proxy.

    A second pass through them would apply them twice. What stays inside is what the core does by itself: it counts
    requests and keeps a few for its report. Only its cache answers nothing, unlike by default: a sample that is asked
    several times would get one answer as often.
    """
    report = cast("int | None", config.get("html_report_size", _REPORT_SIZE))
    kept = {} if report is None else {"max_saved_requests": report, "max_saved_responses": report}
    cache: Tree = {"cache_dir": f"{RESULTS_PATH}/cache", "reuse_cached_responses": False, "save_requests": True}
    hooks = config.get("post_eval_hooks")
    if not isinstance(hooks, list):
        hooks = [{"name": "post_eval_report", "config": {"report_types": ["html", "json"], "html_report_size": report}}]
        hooks = hooks if config.get("generate_html_report", True) else []
    return {
        **{key: copied(config[key]) for key in _CORE_OWN if key in config},
        "interceptors": [
            {"name": "caching", "config": {**cache, "save_responses": True, **kept}},
            {"name": "endpoint"},
            {"name": _COUNTER, "config": {"cache_dir": f"{RESULTS_PATH}/response_stats_cache"}},
        ],
        "post_eval_hooks": copied(cast(object, hooks)),
    }


def _interceptor(item: object) -> Tree:
    if not isinstance(item, dict):
        return {"name": str(item)}
    result = cast(Tree, copied(cast(object, item)))
    inner = result.get("config")
    if isinstance(inner, dict):
        result["config"] = _anchored(cast(Tree, inner))
    return result


def _ordered(items: list[Tree]) -> list[Tree]:
    if not any(item.get("name") == "endpoint" and item.get("enabled", True) for item in items):
        items = [*(item for item in items if item.get("name") != "endpoint"), {"name": "endpoint"}]
    if not any(item.get("name") == _COUNTER for item in items):
        # Without it the core counts no requests, and a score without one successful request would pass for a score.
        items = [*items, {"name": _COUNTER}]
    staged: list[tuple[int, Tree]] = []
    stage = 0
    for item in items:
        # One that this table does not know stays behind the one it was written behind.
        stage = _STAGES.get(str(item.get("name")), stage)
        staged.append((stage, item))
    return [item for _, item in sorted(staged, key=lambda pair: pair[0])]


def _anchored(config: Tree) -> Tree:
    """Containers start in a directory that is lost with them; only what is under /results stays."""
    result = cast(Tree, copied(config))
    for key in _PATHS:
        value = result.get(key)
        if isinstance(value, str) and value and not value.startswith("/"):
            # normpath of an absolute path cannot climb above its root
            result[key] = posixpath.normpath(f"{RESULTS_PATH}{posixpath.normpath('/' + value)}")
    return result
