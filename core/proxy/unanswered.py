"""Which requests of a job never got an answer: a harness that asks again makes good for a failed one."""

from __future__ import annotations

_MOST = 100_000


class Unanswered:
    """Failed requests that no later request with the same content made good. Keys are hashes of the content.

    `count` includes `lost`: those of an earlier proxy, whose contents are not known any more.
    """

    __slots__ = ("_open", "_untold", "lost")

    def __init__(self) -> None:
        self._open: dict[int, int] = {}
        self._untold = 0
        self.lost = 0

    def __bool__(self) -> bool:
        """Whether an answer may make good for anything."""
        return bool(self._open)

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self._open.values()) + self._untold + self.lost

    def miss(self, key: int) -> None:
        """A request failed."""
        if key in self._open or len(self._open) < _MOST:
            self._open[key] = self._open.get(key, 0) + 1
        else:
            self._untold += 1

    def meet(self, key: int) -> None:
        """A request was answered."""
        left = self._open.get(key, 0)
        if left > 1:
            self._open[key] = left - 1
        elif left:
            del self._open[key]
