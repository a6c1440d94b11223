"""Money for rehearsals: ether of the embedded chain's faucet, test dollars of a dev collective. Worth nothing.

Giving is the one thing here that the chain itself would do twice: so the signed transaction is noted before it leaves,
and a command that was killed sends that very one again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from ..chain.client import ChainClient
from ..chain.erc20 import Erc20
from ..chain.signer import Signer
from ..chain.wanted import OnSigned
from ..errors import ContractRefusedError, NotAllowedError
from ..storage.journal import Intent, Journal

Send = Callable[[OnSigned], object]


class RehearsalMoney:
    """Gives each wish once, however often the command that has it is killed and run again."""

    def __init__(self, client: ChainClient, journal: Journal) -> None:
        self._client = client
        self._journal = journal

    def give_ether(self, payer: Signer, to: str, wei: int) -> None:
        """From an account that has it."""
        wish = {"ether": str(wei), "to": to, "payer": str(payer.address)}
        self._once(wish, lambda note: self._client.send(payer, to, value=wei, on_signed=note))

    def give_from_node(self, owned: str, to: str, wei: int) -> None:
        """From an account that a development node signs for itself; who and under which number is noted.

        A noted payer stays: by now another account may be the richest.
        """
        wish = {"ether": str(wei), "to": to, "payer": "the node"}
        intent = self._journal.unfinished(wish)
        if intent is not None:
            payer, number = str(intent.facts["payer"]), int(intent.facts["number"])
            following = self._client.nonce(payer)
            mined = self._client.mined_under(payer, number) if number < following else None
            if mined is not None and str(mined["to"]).lower() == to.lower() and int(mined["value"], 16) == wei:
                self._journal.finish(intent)
                return
            if number != following:  # another took its number, or the chain was taken back
                self._journal.abandon(intent)
                intent = None
        if intent is None:
            facts = {"payer": owned, "number": self._client.nonce(owned)}
            intent = Intent(secrets.token_hex(16), wish, facts)
            self._journal.begin(intent)
        self._client.send_from_node(str(intent.facts["payer"]), to, wei, number=int(intent.facts["number"]))
        self._journal.finish(intent)

    def mint(self, payer: Signer, token: str, to: str, amount: int) -> None:
        """Base units of a token that anybody may mint."""
        wish = {"token": token, "amount": str(amount), "to": to, "payer": str(payer.address)}
        self._once(wish, lambda note: Erc20.at(self._client, token).mint(payer, to, amount, on_signed=note))

    def _once(self, wish: dict[str, Any], send: Send) -> None:
        intent = self._journal.unfinished(wish)
        if intent is None or not self._sent(intent):
            intent = self._sent_anew(wish, send)
        self._journal.finish(intent)

    def _sent(self, intent: Intent) -> bool:
        """Bring a noted transaction onto the chain; False if it never can be, so that nothing of it was given."""
        try:
            self._client.resend(bytes.fromhex(intent.facts["raw"]))
        except ContractRefusedError:
            self._journal.abandon(intent)
            raise
        except NotAllowedError:
            self._journal.abandon(intent)
            return False
        return True

    def _sent_anew(self, wish: dict[str, Any], send: Send) -> Intent:
        name, noted = secrets.token_hex(16), list[Intent]()

        def note(tx_hash: str, raw: bytes) -> None:
            noted[:] = [Intent(name, wish, {"transaction": tx_hash, "raw": raw.hex()})]
            self._journal.begin(noted[0])

        try:
            send(note)
        except ContractRefusedError:
            self._journal.abandon(noted[0])
            raise
        return noted[0]
