"""What lies where in a workspace folder. Everything in it is this machine's own; nothing of it belongs in a repository.

config.toml         settings (see settings.py)
collective.json     where the collective is, and on which chain
chain/              the embedded chain, its lock and its faucet
store/              the embedded content store
accounts/           Ethereum keyfiles, one per name
keys/               keyfiles of custodians' and buyers' BN254 secrets, and of the validators' fingerprint key
envelopes/          a member's envelopes until their pool is sealed, by account
receipts/           what a member signed and was told, by account
validation/         the validators' copies, by account
validation.sqlite   the validators' fingerprint index, if they share a disk
index-log.sqlite    the log of the index that validators on several machines share, on the machine that hosts it
journal/            what was begun and must not be done twice
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import disk
from ..chain.lock import WorkspaceLock
from ..errors import TemporaryError, WorkspaceBusyError

_SCRATCH_PREFIX = ".dry-run-"
_SWEPT = ("", "accounts", "keys", "journal/*", "journal/*/*", "receipts/*")
"""Folders in which a killed command may leave a half-written file."""


class Workspace:
    """The paths of one workspace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "store"
        self.accounts = folder / "accounts"
        self.keys = folder / "keys"
        self.index = folder / "validation.sqlite"
        self.index_log = folder / "index-log.sqlite"

    def __repr__(self) -> str:
        return f"<Workspace {self.folder}>"

    def envelopes(self, account: str) -> Path:
        """A member's own envelopes; by address, so that renaming a keyfile loses nothing."""
        return self.folder / "envelopes" / account.lower()

    def receipts(self, account: str) -> Path:
        """A member's receipts."""
        return self.folder / "receipts" / account.lower()

    def validation(self, account: str) -> Path:
        """A validator's copies."""
        return self.folder / "validation" / account.lower()

    def service(self, account: str) -> Path:
        """What a validator's server keeps beside its copies: answers, audit log, its lock."""
        return self.validation(account) / "service"

    def replica(self, account: str) -> Path:
        """A validator's copy of an index log that is kept elsewhere."""
        return self.validation(account) / "replica.sqlite"

    def journal(self, sort: str) -> Path:
        """Notes of one sort of intent."""
        return self.folder / "journal" / sort

    def notes(self, account: str) -> Path:
        """A custodian's notes: what it sent, and how far it saw the chain final."""
        return self.folder / "journal" / "custodian" / account.lower()

    def begin(self) -> None:
        """Make the folder, and keep it out of any repository around it."""
        with disk.speaking(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            ignore = self.folder / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n")

    def sweep(self) -> None:
        """Remove what killed commands left half-written. Needs the workspace's lock: nobody else is writing then."""
        for place in _SWEPT:
            for folder in self.folder.glob(place) if place else (self.folder,):
                disk.sweep(folder)
        for copy in self.folder.glob(f"{_SCRATCH_PREFIX}*"):
            try:
                lock = WorkspaceLock(copy, wait_s=0)
            except WorkspaceBusyError:
                continue  # a dry run goes on in it
            shutil.rmtree(copy)
            lock.release()

    def forget_collective(self) -> None:
        """Remove what only means something together with the collective; accounts, keys and the store stay."""
        for path in (self.folder / "collective.json", *self.folder.glob("validation.sqlite*")):
            path.unlink(missing_ok=True)
        for name in ("envelopes", "receipts", "validation", "journal"):
            if (self.folder / name).is_dir():
                shutil.rmtree(self.folder / name)

    @contextmanager
    def scratch(self) -> Iterator[Workspace]:
        """A copy to try things on, without chain and store; gone afterwards. Begun with the workspace's lock held."""
        try:
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=_SCRATCH_PREFIX) as name:
                copy = Path(name)
                lock = WorkspaceLock(copy)
                skip = shutil.ignore_patterns("chain", "store", f"{_SCRATCH_PREFIX}*", "lock")
                shutil.copytree(self.folder, copy, dirs_exist_ok=True, ignore=skip)
                try:
                    yield Workspace(copy)
                finally:
                    lock.release()
        except shutil.Error as problem:
            raise TemporaryError("The workspace changed while it was copied for a dry run.") from problem
