"""Why a task is in its state, in words: one table for the command line and the dashboard."""

from __future__ import annotations

Words = tuple[str, str]
"""Long and short."""

REASONS: dict[str, Words] = {
    "exit_nonzero": ("the task failed, see its log", "failed, see its log"),
    "oom": ("out of memory", "out of memory"),
    "signal": ("ended by a signal", "ended by a signal"),
    "image_not_found": ("image not found", "image not found"),
    "pull_auth": ("no access to the image: docker login", "no access to image"),
    "pull_network": ("the image's registry is unreachable", "registry unreachable"),
    "disk_full": ("the disk is full", "disk full"),
    "start_failed": ("the container did not start", "did not start"),
    "port_conflict": ("a port it needs is in use", "port in use"),
    "daemon_stopped": ("Docker was stopped while it ran", "Docker was stopped"),
    "host_reboot": ("the machine went down while it ran", "the machine went down"),
    "no_results": ("ended without results", "no results"),
    "no_valid_requests": ("none of its requests succeeded", "no request succeeded"),
    "unauthorized": ("the endpoint refused the key", "key refused"),
    "interceptor": ("ended by an interceptor", "ended by interceptor"),
    "timeout": ("timed out", "timed out"),
    "quota": ("stopped: too much on disk", "disk quota"),
    "user": ("killed by you", "killed by you"),
    "removed": ("its container was removed", "container removed"),
    "interrupted": ("stopped from outside evaldock", "stopped from outside"),
}
