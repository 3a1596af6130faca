"""One port on several addresses."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence

from ..base.errors import EvaldockError

_TRIES = 32
BACKLOG = 2048


class ListenError(EvaldockError):
    """An address that cannot be listened on; the message is a sentence for the user."""


def bind_all(addresses: Sequence[str], port: int = 0) -> tuple[list[socket.socket], int]:
    """Listening sockets on all `addresses` with one port: `port` if it is free on all, else any. Raises ListenError."""
    wanted = [port, *[0] * _TRIES] if port else [0] * _TRIES
    for first in wanted:
        found = _try(addresses, first)
        if found is not None:
            return found, found[0].getsockname()[1]
    raise ListenError(f"There is no port that is free on all of {', '.join(addresses)}.")


def _try(addresses: Sequence[str], port: int) -> list[socket.socket] | None:
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            sockets.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.setblocking(False)
            one.bind((address, port))
            one.listen(BACKLOG)
            port = one.getsockname()[1]
    except OSError as error:
        for one in sockets:
            one.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return None
        raise ListenError(f"The proxy cannot listen on {addresses[len(sockets) - 1]}: {error.strerror}.") from error
    return sockets
