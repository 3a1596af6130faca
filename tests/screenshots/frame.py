"""Screenshots as pictures: no window frame, fonts that are there everywhere, blanks that browsers keep."""

from __future__ import annotations

import re

_FONTS = "'JetBrains Mono', 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def framed(svg: str) -> str:
    """The SVG that Textual exports, so that it looks the same in a README, without anything from the network."""
    svg = re.sub(r"@font-face\s*\{[^}]*\}", "", svg)
    svg = re.sub(r"font-family:\s*[^;]+;", f"font-family: {_FONTS};", svg)
    svg = svg.replace("<text ", '<text xml:space="preserve" ')
    # The title bar with its three lights says nothing.
    return re.sub(
        r'<text[^>]*class="[^"]*-title"[^>]*>[^<]*</text>|<circle[^>]*fill="#(?:ff5f57|febc2e|28c840)"/>', "", svg
    )
