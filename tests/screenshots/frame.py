"""Screenshots as pictures: no window frame, fonts that are there everywhere, blanks that browsers keep."""

from __future__ import annotations

import re
from collections import Counter

# Textual's cell is 12.2 wide; these fonts are 0.6 em, which leaves gaps in lines and bars at the 20 that it writes.
_FONT_SIZE = 20 * 12.2 / 12
_FONTS = "'JetBrains Mono', 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def framed(svg: str) -> str:
    """The SVG that Textual exports, so that it looks the same in a README, without anything from the network."""
    svg = re.sub(r"@font-face\s*\{[^}]*\}", "", svg)
    svg = re.sub(r"font-family:\s*[^;]+;", f"font-family: {_FONTS};", svg)
    svg = svg.replace("font-size: 20px", f"font-size: {_FONT_SIZE:.3f}px")
    svg = svg.replace("<text ", '<text xml:space="preserve" ')
    # The title bar with its three lights says nothing, and its ground is that of the screen.
    svg = re.sub(r'<text[^>]*class="[^"]*-title"[^>]*>[^<]*</text>', "", svg)
    svg = re.sub(r'<circle[^>]*fill="#(?:ff5f57|febc2e|28c840)"/>', "", svg)
    grounds = Counter(re.findall(r'<rect fill="(#[0-9a-f]{6})"', svg))
    ground = grounds.most_common(1)[0][0] if grounds else "#11151b"
    return svg.replace('fill="#292929"', f'fill="{ground}"', 1)
