"""Commands in one workspace, in this process, with keyfiles that guard nothing."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from unwrapped_dao.cli.running import EXIT_NO, run
from unwrapped_dao.crypto import keystore
from unwrapped_dao.crypto.keystore import GETH_LIGHT_SCRYPT

PASSPHRASE = "only for this test"


def cheap(patch: pytest.MonkeyPatch) -> None:
    """A derivation of milliseconds instead of half a second."""
    patch.setenv("UNWRAPPED_PASSPHRASE", PASSPHRASE)
    patch.setattr(keystore, "save", partial(keystore.save, cost=GETH_LIGHT_SCRYPT))


class Desk:
    """What commands print, or, for another exit code, what they say: then one error and one hint, and no secret."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, line: str, *more: str, code: int = 0) -> str:
        self._capsys.readouterr()
        found = run([*line.split(), *more, "--workspace", str(self.folder)])
        out, err = self._capsys.readouterr()
        assert found == code, err
        assert PASSPHRASE not in out + err
        if code > EXIT_NO:
            assert err.count("error: ") == 1 and err.count("hint: ") == 1, err
        return out if code == 0 else err

    def json(self, line: str, *more: str) -> Any:
        return json.loads(self(line, *more, "--json"))


class JsonDesk(Desk):
    """With --json throughout: what commands answer, or what they say for another exit code."""

    def __call__(self, line: str, *more: str, code: int = 0) -> Any:
        told = super().__call__(line, *more, "--json", code=code)
        return json.loads(told) if code == 0 else told
