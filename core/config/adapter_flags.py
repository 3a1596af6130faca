"""The flat flags of older `adapter_config`s, as interceptors."""

from __future__ import annotations

from dataclasses import dataclass, field

from .model import Tree

_SWITCHES = {
    "use_system_prompt": "system_message",
    "use_request_logging": "request_logging",
    "use_caching": "caching",
    "tracking_requests_stats": "response_stats",
    "use_response_logging": "response_logging",
    "use_reasoning": "reasoning",
    "process_reasoning_traces": "reasoning",
    "use_progress_tracking": "progress_tracking",
    "use_raise_client_errors": "raise_client_errors",
}
_SETTINGS: dict[str, tuple[str, str]] = {
    "custom_system_prompt": ("system_message", "system_message"),
    "params_to_add": ("payload_modifier", "params_to_add"),
    "params_to_remove": ("payload_modifier", "params_to_remove"),
    "params_to_rename": ("payload_modifier", "params_to_rename"),
    "headers_to_add": ("payload_modifier", "headers_to_add"),
    "headers_to_remove": ("payload_modifier", "headers_to_remove"),
    "headers_to_rename": ("payload_modifier", "headers_to_rename"),
    "max_logged_requests": ("request_logging", "max_requests"),
    "max_logged_responses": ("response_logging", "max_responses"),
    "caching_dir": ("caching", "cache_dir"),
    "reuse_cached_responses": ("caching", "reuse_cached_responses"),
    "save_requests": ("caching", "save_requests"),
    "save_responses": ("caching", "save_responses"),
    "max_saved_requests": ("caching", "max_saved_requests"),
    "max_saved_responses": ("caching", "max_saved_responses"),
    "start_reasoning_token": ("reasoning", "start_reasoning_token"),
    "end_reasoning_token": ("reasoning", "end_reasoning_token"),
    "include_if_reasoning_not_finished": ("reasoning", "include_if_not_finished"),
    "track_reasoning": ("reasoning", "enable_reasoning_tracking"),
    "progress_tracking_url": ("progress_tracking", "progress_tracking_url"),
    "progress_tracking_interval": ("progress_tracking", "progress_tracking_interval"),
}
# Reports are the container's own affair; the flags are known, and nothing to the proxy.
_IGNORED = (
    *("generate_html_report", "html_report_size", "include_json", "use_omni_info", "use_nvcf", "output_dir"),
    "logging_aggregated_stats_interval",
)
_ORDER = (
    "system_message",
    "payload_modifier",
    "request_logging",
    "caching",
    "response_stats",
    "response_logging",
    "reasoning",
    "progress_tracking",
    "raise_client_errors",
)
# Any setting of the payload is wish enough; everything else also needs its switch.
_NEEDS_NO_SWITCH = "payload_modifier"

FLAGS = frozenset((*_SWITCHES, *_SETTINGS, *_IGNORED))


@dataclass
class Asked:
    """One interceptor that flags ask for: its settings, the flag that asks, and the flag of each setting."""

    name: str
    flag: str = ""
    settings: Tree = field(default_factory=dict[str, object])
    flags: dict[str, str] = field(default_factory=dict[str, str])


def from_flags(tree: Tree) -> list[Asked]:
    """The interceptors that flat flags ask for, in the order in which they work."""
    found = {name: Asked(name) for name in _ORDER}
    for flag, value in tree.items():
        if flag in _SWITCHES and value:
            found[_SWITCHES[flag]].flag = flag
        elif flag in _SETTINGS and value is not None:
            name, setting = _SETTINGS[flag]
            asked = found[name]
            asked.settings[setting], asked.flags[setting] = value, flag
            if name == _NEEDS_NO_SWITCH and value:
                asked.flag = asked.flag or flag
    return [asked for asked in found.values() if asked.flag]
