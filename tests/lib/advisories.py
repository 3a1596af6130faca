"""What pip-audit found, in one line: `python advisories.py AUDIT.json`. A release nobody looked up is not clean."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def verdict(audit: dict[str, Any]) -> str:
    """Of the JSON that `pip-audit -f json` writes: what is known, or that nothing is."""
    releases = audit["dependencies"]
    known = [
        f"{release['name']} {release['version']}: {', '.join(found['id'] for found in release['vulns'])}"
        for release in releases
        if release.get("vulns")
    ]
    unknown = sum("skip_reason" in release for release in releases)
    if known:
        return "known of " + "; ".join(known)
    if unknown or not releases:
        return f"not known today: no source answered for {unknown} of {len(releases)} releases"
    return f"none known of {len(releases)} releases"


if __name__ == "__main__":
    try:
        print(verdict(json.loads(Path(sys.argv[1]).read_text())))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        print("not known today: no source answered")
