"""Near names for a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from .node import printable


def near(word: str, names: Iterable[str]) -> str | None:
    """The name most like `word`, or None when nothing is close."""
    from difflib import get_close_matches

    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.casefold().replace("-", "_"), name)
    wanted = word[:200].casefold().replace("-", "_")
    parts = [name for name in folded if len(wanted) > 2 and (name.startswith(wanted) or name.endswith(wanted))]
    if wanted not in folded and len(parts) == 1:
        return folded[parts[0]]
    found = get_close_matches(wanted, list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """`; did you mean 'name'?`, or the list of what there is, or nothing; ready to append to a sentence."""
    known = sorted(set(islice(names, 1000)))
    match = near(word, known)
    if match is not None:
        return f"; did you mean '{printable(match)}'?"
    return f"; there is {listing(known)}" if known else ""


def listing(names: Iterable[str], limit: int = 12) -> str:
    """`a, b, c and 4 more`."""
    known = [printable(name) for name in names]
    more = f" and {len(known) - limit} more" if len(known) > limit else ""
    return ", ".join(known[:limit]) + more
