"""`evaldock version`: everything at work, for bug reports."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from .epilog import examples
from .exit_codes import ExitCode
from .options import json_option

_PACKAGES = ("evaldock", "textual", "docker", "aiohttp", "click")
_SHOWN_AS = {"docker": "docker-py"}


@click.command(epilog=examples(("version", "evaldock, Python, Docker and libraries")))
@json_option
def command(as_json: bool) -> ExitCode:
    """Show the versions of evaldock, its libraries, Python, Docker and the system."""
    found = _versions()
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return ExitCode.OK
    width = max(map(len, found))
    for name, value in found.items():
        click.echo(f"{name:<{width}}  {value or ('not answering' if name == 'docker' else '-')}")
    return ExitCode.OK


def _versions() -> dict[str, str | None]:
    from importlib.metadata import PackageNotFoundError, version

    from ...core.engine.docker.reach import quick_version

    found: dict[str, str | None] = {}
    for package in _PACKAGES:
        try:
            found[_SHOWN_AS.get(package, package)] = version(package)
        except PackageNotFoundError:
            found[_SHOWN_AS.get(package, package)] = None
    system = os.uname()
    return found | {
        "docker": quick_version(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "system": f"{system.sysname} {system.release} {system.machine}",
        "path": str(Path(__file__).parents[2]),
    }
