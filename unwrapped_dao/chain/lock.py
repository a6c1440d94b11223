"""One process at a time on a workspace, or on its chain."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import SettingsError, WorkspaceBusyError

DEFAULT_WAIT_S = 10.0


class WorkspaceLock:
    """Held from construction until `release` or the end of the process, even a killed one (an advisory OS lock).

    Raises WorkspaceBusyError when another process still holds it after `wait_s` seconds.
    """

    def __init__(self, folder: Path, *, wait_s: float = DEFAULT_WAIT_S) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / "lock")
            self._lock.acquire(timeout=wait_s)
        except Timeout:
            raise WorkspaceBusyError(f"Another command has been using {folder} for {wait_s:.0f} seconds.") from None
        except OSError as problem:
            raise SettingsError(
                f"The workspace {folder} cannot be opened: {problem.strerror or problem}.",
                hint="Choose a folder you may write to with --workspace.",
            ) from problem

    def release(self) -> None:
        """Let the next command in; a second call does nothing."""
        self._lock.release()
