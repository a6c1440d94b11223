"""What is held about one member, and erasing what can be erased: here, with the validators, and on-chain (which stays).

Not here: what a validator may erase (holdings.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from .. import kinds
from ..chain import eip712
from ..chain.collective import Collective
from ..chain.exposure import exposure
from ..chain.market import SaleState
from ..chain.registry import LiveContribution, Pool, PoolState
from ..chain.signer import Signer
from ..errors import UnwrappedError
from ..storage.cid import CID
from ..storage.interfaces import ContentStore
from ..storage.pending import PendingEnvelopes
from ..storage.receipts import Receipts
from .holdings import Holding

FORMAT = "unwrapped-dao/own-data/1"
QUESTION_LIFETIME_S = 1_800
ON_CHAIN_STAYS = (
    "your address, your member number, and when you joined, were active and left",
    "every version of a contribution that was recorded: its weight, and digests of envelope, dataset and report",
    "your votes, proposals, opt-outs and withdrawals, and what you were paid",
)
"""Salted or keyed where it could tell something: nobody can test a guess of your data against these digests."""
ELSEWHERE = (
    "copies of published ciphertext that others keep, and what buyers whose sale was settled can read",
    "what a validator or custodian kept against the rules",
)


class Keeper(Protocol):
    """A validator, as a member asks it about its own data."""

    @property
    def name(self) -> str: ...

    def held(self, account: Signer, collective: Collective) -> list[Holding]:
        """What it holds, as it says."""
        ...

    def forget(self, account: Signer, collective: Collective) -> tuple[list[Holding], list[Holding]]:
        """(erased, kept), as it says."""
        ...


class Answering(Protocol):
    """A validator's side of it (roles/validator.py)."""

    @property
    def address(self) -> str: ...

    def held(self, member: str, expiry: int, signature: bytes) -> list[Holding]: ...

    def forget(self, member: str, expiry: int, signature: bytes) -> tuple[list[Holding], list[Holding]]: ...


def data_request(account: Signer, collective: Collective, validator: str, *, erase: bool) -> tuple[int, bytes]:
    """(expiry, signature) of what a member asks one validator about its own data."""
    expiry = collective.client.now() + QUESTION_LIFETIME_S
    domain = eip712.read_domain(collective.client, collective.registry.address)
    message = eip712.DataRequest(str(account.address), validator, erase, expiry)
    return expiry, eip712.sign(account, domain, message)


class KeeperHere:
    """A validator in this process."""

    def __init__(self, validator: Answering) -> None:
        self._validator = validator

    @property
    def name(self) -> str:
        return self._validator.address

    def held(self, account: Signer, collective: Collective) -> list[Holding]:
        asked = data_request(account, collective, self._validator.address, erase=False)
        return self._validator.held(str(account.address), *asked)

    def forget(self, account: Signer, collective: Collective) -> tuple[list[Holding], list[Holding]]:
        asked = data_request(account, collective, self._validator.address, erase=True)
        return self._validator.forget(str(account.address), *asked)


class OwnData:
    """One member's view of everything about it. `files` are this machine's about this account, keyfile included."""

    def __init__(
        self,
        collective: Collective,
        account: Signer,
        pending: PendingEnvelopes,
        receipts: Receipts,
        files: Sequence[Path],
    ) -> None:
        self._collective = collective
        self._account = account
        self._pending = pending
        self._receipts = receipts
        self._files = tuple(files)

    def shown_to(self) -> list[str]:
        """The URLs of the validators that this member's consent receipts name, each once."""
        names = [name for _, receipt in self._receipts.all() for name in receipt.get("validators", ())]
        return list(dict.fromkeys(name.split(" ")[0] for name in names if name.startswith("http")))

    def export(self, keepers: Sequence[Keeper]) -> dict[str, Any]:
        """Everything that is held, as JSON-ready values: on-chain, on this machine, with these validators."""
        collective = self._collective
        return {
            "format": FORMAT,
            "member": str(self._account.address),
            "chain_id": collective.client.chain_id,
            "registry": collective.registry.address,
            "at": self._now(),
            "on_chain": self._on_chain(),
            "on_this_machine": {
                "receipts": [receipt for _, receipt in self._receipts.all()],
                "envelopes": self._envelopes(),
                "files": [{"path": str(path), "bytes": path.stat().st_size} for path in self._files if path.exists()],
            },
            "with_validators": {keeper.name: self._told(keeper) for keeper in keepers},
            "elsewhere": list(ELSEWHERE),
        }

    def forget(
        self, keepers: Sequence[Keeper], store: ContentStore | None, silent: Mapping[str, dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        """Erase what can be erased, and keep and return a receipt of it. Again goes on, and erases nothing twice.

        `silent` are validators that could not be asked, and why: told in the receipt.
        """
        now = self._now()
        unfinished = [path.stem for path, found in self._receipts.all() if found.get("done") is False]
        name = unfinished[0] if unfinished else f"forget-{now.replace(':', '')}"
        receipt: dict[str, Any] = {"receipt": "forget", "at": now, "member": str(self._account.address), "done": False}
        self._receipts.keep(name, receipt)  # a kill from here on leaves a sign of it
        validators: dict[str, Any] = dict(silent or {})
        for keeper in keepers:
            try:
                erased, kept = keeper.forget(self._account, self._collective)
                validators[keeper.name] = {"erased": [_plain(h) for h in erased], "kept": [_plain(h) for h in kept]}
            except UnwrappedError as problem:
                validators[keeper.name] = {"problem": problem.message, "advice": problem.hint}
        receipt |= {
            "done": True,
            "validators": validators,
            "on_this_machine": self._erase_here(all_answered=not any("problem" in v for v in validators.values())),
            "pins": self._unpin(store) if store is not None else {"erased": [], "kept": []},
            "on_chain_stays": list(ON_CHAIN_STAYS),
            "elsewhere": list(ELSEWHERE),
        }
        self._receipts.keep(name, receipt)
        return receipt

    # --- on this machine -------------------------------------------------------------------------------------------

    def _envelopes(self) -> list[dict[str, Any]]:
        found = []
        for content in self._pending.contents():
            note = self._pending.note(content)
            with self._pending.open(content) as file:
                size = file.seek(0, 2)
            found.append({"content": content.hex(), "bytes": size} | ({"version": note.version} if note else {}))
        return found

    def _erase_here(self, *, all_answered: bool) -> dict[str, list[dict[str, str]]]:
        """Envelopes and consent receipts of what is not live; those of what is live stay, and why."""
        live = {found.record.content: pool for pool, found in self._live()}
        erased, kept = [], []
        for content in list(self._pending.contents()):
            pool = live.get(content)
            if pool is not None and pool.state is not PoolState.SEALED:
                why = "your live contribution, which nobody has published yet: withdraw it first"
                kept.append({"envelope": content.hex(), "why": why})
            else:
                self._pending.discard(content)
                erased.append({"envelope": content.hex()})
        for path, receipt in list(self._receipts.all()):
            content_hex = receipt.get("signed", {}).get("message", {}).get("content", "")[2:]
            if receipt.get("receipt") != "consent":
                continue
            if bytes.fromhex(content_hex) in live:
                kept.append({"receipt": path.name, "why": "it says what you agreed to for what is still shared"})
            elif not all_answered:
                kept.append({"receipt": path.name, "why": "it names validators, and not all have answered"})
            else:
                path.unlink(missing_ok=True)
                erased.append({"receipt": path.name})
        return {"erased": erased, "kept": kept}

    def _unpin(self, store: ContentStore) -> dict[str, list[dict[str, str]]]:
        """Pins, in this workspace's store, of own envelopes that no sale needs any more."""
        mine = {record["content"]: record for pool in self._pools() for record in self._history(pool)}
        pins = {cid.digest.hex(): cid for cid in store.pins()}
        needed = {found.record.content.hex(): why for pool, found in self._live() if (why := self._needed(pool, found))}
        erased, kept = [], []
        for content in sorted(set(mine) & set(pins)):
            cid: CID = pins[content]
            if content in needed:
                kept.append({"cid": str(cid), "why": needed[content]})
            else:
                store.unpin(cid)
                erased.append({"cid": str(cid)})
        return {"erased": erased, "kept": kept}

    def _needed(self, pool: Pool, live: LiveContribution) -> str:
        """Why this envelope has to stay published; empty if it has not."""
        collective = self._collective
        if not collective.registry.withdrawal_ordinal(pool, live.number):
            return "it is part of a sealed pool: withdraw it first, then it is left out of every later sale"
        for sale_id in collective.market.offers(poolId=pool.id):
            state = collective.market.sale(sale_id).state
            if state is SaleState.APPROVED and not collective.market.is_excluded(sale_id, live.number):
                return (
                    f"sale 0x{sale_id.hex()[:12]}… was approved before you withdrew, and its buyer may still fetch it"
                )
        return ""

    # --- on the chain ----------------------------------------------------------------------------------------------

    def _on_chain(self) -> dict[str, Any]:
        collective, address = self._collective, str(self._account.address)
        membership = collective.membership.member(address)
        if membership is None:
            return {"member": False}
        opt_outs = [
            f"0x{sale_id.hex()}"
            for sale_id in collective.market.offers()
            if any(o.member.lower() == address.lower() for o in collective.market.opt_outs(sale_id))
        ]
        proposals = collective.governor.proposals()
        return {
            "member": True,
            "membership": asdict(membership),
            "payout_address": collective.membership.payout_of(address),
            "contributions": [entry for pool in self._pools() if (entry := self._contribution(pool)) is not None],
            "proposals": [f"{p.id:#x}" for p in proposals if p.proposer.lower() == address.lower()],
            "voted_on": [f"{p.id:#x}" for p in proposals if collective.governor.has_voted(p.id, address)],
            "opt_outs": opt_outs,
            "payments": [
                {"pool": f"{p.pool_id:#x}", "currency": p.currency, "amount": p.amount, "to": p.payout}
                for p in collective.splitter.payments(address)
            ],
        }

    def _contribution(self, pool: Pool) -> dict[str, Any] | None:
        history = self._history(pool)
        if not history:
            return None
        scope = kinds.scope_of(pool.scope_id)
        live = self._collective.registry.contribution_of(pool, str(self._account.address))
        entry: dict[str, Any] = {
            "scope": scope.name if scope else f"0x{pool.scope_id.hex()}",
            "epoch": pool.epoch,
            "pool": pool.state.name.lower(),
            "recorded": history,
            "live": live is not None,
        }
        if live is not None:
            entry["withdrawn_after_seal"] = self._collective.registry.withdrawal_ordinal(pool, live.number) > 0
            entry["who_could_read_it"] = exposure(self._collective, pool, live).sentence
        return entry

    def _history(self, pool: Pool) -> list[dict[str, Any]]:
        records = self._collective.registry.recorded(pool, str(self._account.address))
        return [
            {
                "version": r.version,
                "weight": r.weight,
                "content": r.content.hex(),
                "fingerprint": r.fingerprint.hex(),
                "report": r.report.hex(),
            }
            for r in records
        ]

    def _live(self) -> list[tuple[Pool, LiveContribution]]:
        address = str(self._account.address)
        pairs = [(pool, self._collective.registry.contribution_of(pool, address)) for pool in self._pools()]
        return [(pool, found) for pool, found in pairs if found is not None]

    def _pools(self) -> list[Pool]:
        return self._collective.registry.pools()

    # --- with validators -------------------------------------------------------------------------------------------

    def _told(self, keeper: Keeper) -> dict[str, Any]:
        try:
            return {"held": [_plain(holding) for holding in keeper.held(self._account, self._collective)]}
        except UnwrappedError as problem:
            return {"problem": problem.message, "advice": problem.hint}

    def _now(self) -> str:
        return f"{dt.datetime.fromtimestamp(self._collective.client.now(), dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _plain(holding: Holding) -> dict[str, Any]:
    found: dict[str, Any] = {"what": holding.what, "epoch": holding.epoch, "version": holding.version}
    scope = kinds.scope_of(holding.scope_id)
    found["scope"] = scope.name if scope else holding.scope_id.hex()
    return found | ({"why": holding.why} if holding.why else {})
