"""One command of `unwrapped-dao` in a forked child: whole, killed before a step, or one of several at once.

A fork of a process that has imported the program already costs a hundredth of a fresh interpreter, and dies as really.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from tests.kills import dying

PASSPHRASE = "correct horse battery canary"
KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (KILLED if it was), what it said, and its steps."""

    code: int
    out: str
    err: str
    steps: tuple[str, ...]


class Running:
    """A command that was started; `ended` waits for it."""

    def __init__(self, child: int, folder: tempfile.TemporaryDirectory[str]) -> None:
        self.child = child
        self._folder = folder
        self._said = Path(folder.name)

    def told(self) -> str:
        """Its stdout so far."""
        out = self._said / "out"
        return out.read_text() if out.exists() else ""

    def ended(self) -> Ended:
        _, status = os.waitpid(self.child, 0)
        steps = self._said / "steps"
        ended = Ended(
            os.waitstatus_to_exitcode(status),
            (self._said / "out").read_text(),
            (self._said / "err").read_text(),
            tuple(steps.read_text().splitlines()) if steps.exists() else (),
        )
        self._folder.cleanup()
        return ended


def start(
    arguments: list[str],
    folder: Path,
    *,
    watched: bool = False,
    deadly: int | None = None,
    before: Callable[[], object] | None = None,
    **environ: str,
) -> Running:
    """Run a command in `folder`, as a person would there. `deadly`: the step (from 1) before which it is killed."""
    said = tempfile.TemporaryDirectory(prefix="said-")
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = _command(arguments, folder, Path(said.name), watched or deadly is not None, deadly, before, environ)
        except BaseException:
            # A stray exception is what a person would see as a traceback.
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)
    return Running(child, said)


def run(arguments: list[str], folder: Path, **options: Any) -> Ended:
    """`start`, and wait for its end."""
    return start(arguments, folder, **options).ended()


def import_everything() -> None:
    """What a command imports, once, before anything is forked: no threads, no work."""
    import unwrapped_dao.app
    import unwrapped_dao.app.in_process
    import unwrapped_dao.chain.http
    import unwrapped_dao.chain.local
    import unwrapped_dao.crypto.bn254.native
    import unwrapped_dao.crypto.bn254.reference
    import unwrapped_dao.dataset.parquet
    import unwrapped_dao.kinds.heart_rate
    import unwrapped_dao.kinds.music
    import unwrapped_dao.roles.buyer
    import unwrapped_dao.roles.custodian
    import unwrapped_dao.roles.founder
    import unwrapped_dao.roles.member
    import unwrapped_dao.roles.relayer
    import unwrapped_dao.roles.validator
    import unwrapped_dao.samples
    import unwrapped_dao.storage.blockstore
    import unwrapped_dao.storage.kubo  # noqa: F401
    from unwrapped_dao.cli.program import program
    from unwrapped_dao.crypto import keystore

    assert program is not None
    # Keys of a rehearsal guard nothing; half a second for each would be most of what these tests take.
    keystore.save.__kwdefaults__["cost"] = keystore.GETH_LIGHT_SCRYPT  # type: ignore[index]


def _command(
    arguments: list[str],
    folder: Path,
    said: Path,
    watched: bool,
    deadly: int | None,
    before: Callable[[], object] | None,
    environ: dict[str, str],
) -> int:
    for name in [name for name in os.environ if name.startswith("UNWRAPPED_")]:
        del os.environ[name]
    os.environ.update({"UNWRAPPED_PASSPHRASE": PASSPHRASE, **environ})
    os.chdir(folder)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(said / name, os.O_WRONLY | os.O_CREAT), number)
    sys.stdin = os.fdopen(0)
    sys.stdout = TextIOWrapper(os.fdopen(os.dup(1), "wb"), encoding="utf-8")  # as buffered as into a pipe
    sys.stderr = TextIOWrapper(os.fdopen(os.dup(2), "wb"), encoding="utf-8", line_buffering=True)
    import_everything()
    from unwrapped_dao.cli.running import run as run_command

    if before is not None:
        before()
    if watched:
        steps = dying.install(folder, os.open(said / "steps", os.O_WRONLY | os.O_CREAT | os.O_APPEND), deadly)
        sys.stdout = _Telling(sys.stdout.detach(), steps)
    code = run_command(arguments)
    sys.stdout.flush()
    return code


class _Telling(TextIOWrapper):
    """stdout, whose first write to the reader is a step: only afterwards somebody was told."""

    def __init__(self, buffer: Any, steps: dying.Steps) -> None:
        super().__init__(buffer, encoding="utf-8")
        self._steps = steps
        self._told = False

    def flush(self) -> None:
        if not self._told and self.buffer is not None and self._pending:
            self._told = True
            self._steps.step("tell")
        super().flush()

    _pending = False

    def write(self, text: str) -> int:
        self._pending = True
        return super().write(text)
