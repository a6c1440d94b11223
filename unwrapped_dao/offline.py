"""No network while an export is read: held by the interpreter, not by good will.

Python tells audit hooks (PEP 578) of every socket and every new process before it exists; ours refuses both while a
thread is inside `offline()`. A hook can never be removed, so neither can this by any library that is imported.
Not here: what C code does without Python's knowledge (no dependency of reading an export opens sockets).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import NotAllowedError

_PROCESSES = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty"}
)


class _State(threading.local):
    depth = 0


_state = _State()
_installing = threading.Lock()
_installed = False


@contextmanager
def offline() -> Iterator[None]:
    """Inside, this thread opens no socket, asks no resolver and starts no process: trying raises NotAllowedError."""
    _install()
    before = _state.depth
    _state.depth = before + 1
    try:
        yield
    finally:
        _state.depth = before


def _install() -> None:
    global _installed
    with _installing:
        if not _installed:
            sys.addaudithook(_refuse)
            _installed = True


def _refuse(event: str, _: tuple[object, ...]) -> None:
    if (event.startswith("socket.") or event in _PROCESSES) and _state.depth:
        raise NotAllowedError(
            f"Something tried to leave this machine while an export was read ({event}); it was stopped.",
            hint="Nothing was sent. Please report this: it must never happen.",
        )
