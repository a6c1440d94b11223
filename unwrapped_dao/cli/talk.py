"""Talk and progress, on stderr: stdout is for the result."""

from __future__ import annotations

import sys
import time

_PAUSE_S = 0.1


class Talk:
    """Sentences, and one line that rewrites itself on a terminal; in a log each step is told once."""

    def __init__(self) -> None:
        self._tty = sys.stderr.isatty()
        self._line = False
        self._last = ""
        self._shown_at = 0.0

    def say(self, text: str) -> None:
        """One sentence."""
        from ..exports import visible

        self.done()
        print(visible(text, keep="\n\t"), file=sys.stderr, flush=True)

    def warn(self, texts: list[str]) -> None:
        """Loud sentences."""
        for text in texts:
            self.say(f"!! {text}")

    def progress(self, what: str, done: int, total: int) -> None:
        """Long work goes on: `what` is being done, `done` of `total` are."""
        text = f"{what} {done + 1} of {total} ..." if total > 1 else f"{what} ..."
        if self._tty:
            if what == self._last and time.monotonic() - self._shown_at < _PAUSE_S:
                return
            self._rewrite(text)
        elif what != self._last:
            print(f"{what} ...", file=sys.stderr, flush=True)
        self._last, self._shown_at = what, time.monotonic()

    def wait(self, seconds: int) -> None:
        """The chain's time has to pass."""
        text = f"waiting {seconds} s of the chain's time ..."
        if self._tty:
            self._rewrite(text)
        elif self._last != "waiting":
            print(text, file=sys.stderr, flush=True)
        self._last = "waiting"

    def done(self) -> None:
        """End the line that rewrites itself."""
        if self._line:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        self._line, self._last = False, ""

    def _rewrite(self, text: str) -> None:
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        self._line = True
