"""A collective whose validators are services: the chain behind a port, an index file that they share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.doubles.chain_server import chain_server
from tests.doubles.validators import Vicious
from tests.sdk.service.serving import serving
from unwrapped_dao.app.in_process import LocalCollective, local
from unwrapped_dao.app.serving import ValidatorService
from unwrapped_dao.chain import eip712
from unwrapped_dao.crypto.sealed_request import EncryptionKey
from unwrapped_dao.roles.member import Member
from unwrapped_dao.roles.validator import Validator
from unwrapped_dao.service.client import RemoteValidator, reach
from unwrapped_dao.service.limits import Limits
from unwrapped_dao.storage.pending import PendingEnvelopes
from unwrapped_dao.validation import FingerprintIndex, FingerprintKey
from unwrapped_dao.validation.request import AttestationRequest

SCOPE = "artist-preferences"


@dataclass
class Rig:
    """Three services, not served yet; `folder` is where they keep what they keep."""

    dao: LocalCollective
    folder: Path
    key: FingerprintKey
    services: list[ValidatorService]
    keys: list[EncryptionKey]
    accounts: list[LocalAccount]
    indexes: list[FingerprintIndex]
    pendings: list[PendingEnvelopes]

    def domain(self) -> eip712.Domain:
        return eip712.read_domain(self.dao.collective.client, self.dao.collective.registry.address)

    def vicious(self, vice: str, number: int = 0) -> Vicious:
        service, stranger = self.services[number], Account.create()
        return Vicious(
            vice, service, self.accounts[number], service.record(), self.keys[number], self.domain(), stranger
        )

    def remote(self, url: str, timeout_s: float = 20) -> RemoteValidator:
        reached = reach([url], self.dao.collective, timeout_s=timeout_s)
        assert not reached.unreached, reached.unreached
        return reached.validators[0]

    def files(self) -> Iterator[Path]:
        """Everything that the validators wrote."""
        return (path for path in self.folder.rglob("*") if path.is_file())


@contextmanager
def rigged(folder: Path, *, members: int = 3, limits: Limits | None = None) -> Iterator[Rig]:
    with ExitStack() as stack:
        node = stack.enter_context(chain_server())
        dao = stack.enter_context(
            local(members=members, workspace=folder / "local", node=(node.client(), node.faucet), gas_money_wei=10**19)
        )
        key = FingerprintKey.generate()
        rig = Rig(dao, folder / "validators", key, [], [], [v._account for v in dao.validators], [], [])  # type: ignore[misc]
        for number, account in enumerate(rig.accounts):
            own = rig.folder / str(number)
            own.mkdir(parents=True)
            index = stack.enter_context(FingerprintIndex(rig.folder / "index.sqlite", key))
            pending = PendingEnvelopes(own)
            validator = Validator(dao.collective, account, key, index, pending)
            encryption = EncryptionKey.generate()
            service = ValidatorService(
                dao.collective, account, validator, encryption, own, limits or Limits(), lambda: dao.store
            )
            stack.callback(service.close)
            rig.indexes.append(index)
            rig.pendings.append(pending)
            rig.keys.append(encryption)
            rig.services.append(service)
        yield rig


@contextmanager
def all_serving(rig: Rig) -> Iterator[list[str]]:
    with ExitStack() as stack:
        yield [stack.enter_context(serving(service)) for service in rig.services]


def over_http(rig: Rig, member: Member, urls: list[str], timeout_s: float = 20) -> Member:
    """The same member, showing its data to the validators at these URLs."""
    reached = reach(urls, rig.dao.collective, timeout_s=timeout_s)
    return Member(
        rig.dao.collective, member._account, member._pending, member._receipts, reached.validators,
        unreached=reached.unreached, at_once=True,
    )  # fmt: skip


class StoppedError(Exception):
    """Not one of the package's own, so that nothing is cleaned up."""


def captured(member: Member, export: Any, scope: str = SCOPE) -> AttestationRequest:
    """The request that this member would show its validators; its envelope stays."""
    kept: list[AttestationRequest] = []

    def stop(request: AttestationRequest, *_: Any) -> Any:
        kept.append(request)
        raise StoppedError

    member._contributing._attest = stop  # type: ignore[method-assign]
    try:
        member.contribute(member.preview(export, scope=scope))
    except StoppedError:
        pass
    finally:
        del member._contributing._attest
    return kept[0]
