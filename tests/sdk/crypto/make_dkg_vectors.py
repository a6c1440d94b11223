"""Makes tests/fixtures/vectors/dkg.json and the worked example of docs/spec/dkg.md.

From the repository's root: `python tests/sdk/crypto/make_dkg_vectors.py`. Everything derives from public labels, so
another run gives the same bytes; test_dkg_vectors.py compares.
"""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

if __name__ == "__main__":
    sys.path[:0] = [str(Path.cwd()), str(Path(__file__).parent)]

from crypto_vectors import FOLDER

from unwrapped_dao.crypto import dkg
from unwrapped_dao.crypto.bn254 import P1, G1Point, R
from unwrapped_dao.crypto.committee import Board
from unwrapped_dao.crypto.complaint import complain
from unwrapped_dao.crypto.dkg import Dealing, VerifiedDeal
from unwrapped_dao.crypto.hashing import keccak256
from unwrapped_dao.crypto.keys import SecretScalar

FILE = FOLDER / "dkg.json"
SPEC = Path(__file__).parents[3] / "docs" / "spec" / "dkg.md"
BEGIN, END = "<!-- example: made by tests/sdk/crypto/make_dkg_vectors.py -->", "<!-- end of example -->"
CHAIN_ID, COMMITTEE = 1337, "0x" + "c0" * 20


def scalar(label: str) -> SecretScalar:
    """A test secret that everybody knows."""
    return SecretScalar(1 + int.from_bytes(keccak256(label.encode()), "big") % (R - 1))


def hexed(value: Any) -> Any:
    """Words as 0x-hex of 32 bytes, lists element by element."""
    if isinstance(value, list | tuple):
        return [hexed(item) for item in value]
    raw = value if isinstance(value, bytes) else value.to_bytes(32, "big")
    return "0x" + raw.hex()


class Generation:
    """One generation from fixed secrets."""

    def __init__(self, number: int, threshold: int, count: int, source: Generation | None = None) -> None:
        self.board, self.threshold = Board.of(CHAIN_ID, COMMITTEE, number), threshold
        self.keys = {j: scalar(f"dkg vectors: key {j} of generation {number}") for j in range(1, count + 1)}
        self.public = {j: P1 * key.to_secret_int() for j, key in self.keys.items()}
        owners = source.shares if source else dict.fromkeys(self.keys)
        self.seeds = {i: scalar(f"dkg vectors: seed {i} of generation {number}") for i in owners}
        self.dealings: dict[int, Dealing] = {
            i: dkg.make_deal(self.board, i, self.seeds[i], threshold=threshold, receivers=self.public, own_share=own)
            for i, own in owners.items()
        }
        self.counted = list(owners)[: source.threshold if source else None]
        verified = [VerifiedDeal(self.board, i, self.dealings[i].deal) for i in self.counted]
        resharing = source is not None
        self.shares = {
            j: dkg.share_secret([v.open(j, key) for v in verified], resharing=resharing) for j, key in self.keys.items()
        }
        self.polynomial = dkg.public_polynomial(verified, resharing=resharing)
        published = [dkg.share_key(j, self.shares[j]).verify(self.polynomial) for j in range(1, threshold + 1)]
        self.result = dkg.complete_share_keys(published, threshold, count)
        self.source = source

    def as_json(self) -> dict[str, Any]:
        registered = {}
        for j, key in self.keys.items():
            with patch.object(secrets, "token_bytes", lambda _: bytes(32)):
                proof = dkg.prove_encryption_key(key, self.board, j)
            registered[j] = {"k": hexed(key.to_secret_int()), "K": hexed(self.public[j].words)} | {
                "T": hexed(proof.T.words),
                "s": hexed(proof.s),
            }
        return {
            "generation": self.board.generation,
            "source": self.source.board.generation if self.source else 0,
            "threshold": self.threshold,
            "registered": registered,
            "deals": {i: self._deal(i) for i in self.dealings},
            "dealers_that_count": self.counted,
            "A": hexed(self.polynomial.words),
            "hash_A": hexed(self.polynomial.digest),
            "x": {j: hexed(share.to_secret_int()) for j, share in self.shares.items()},
            "Y": hexed(self.result.Y.words),
            "Y_j": hexed([key.words for key in self.result.share_keys]),
            "hash_Y": hexed(self.result.digest),
        }

    def _deal(self, dealer: int) -> dict[str, Any]:
        dealing = self.dealings[dealer]
        commitments, e_words, t_words, s, shares = dealing.deal.words
        return {
            "seed": hexed(self.seeds[dealer].to_secret_int()),
            "salt": hexed(dealing.salt),
            "C": hexed(commitments),
            "E": hexed(e_words),
            "T": hexed(t_words),
            "s": hexed(s),
            "shares": hexed(shares),
            "rest": hexed(dealing.deal.sealed_digest),
            "commitment": hexed(dealing.deal.commitment(self.board, dealer, dealing.salt)),
        }


def false_deal(generation: Generation) -> tuple[VerifiedDeal, dict[str, Any]]:
    """Dealer 2 deals receiver 4 a wrong share, and receiver 4 complains."""
    commitments, e_words, t_words, s, shares = generation.dealings[2].deal.words
    wrong = (*shares[:3], shares[3] ^ 1, shares[4])
    verified = VerifiedDeal(generation.board, 2, dkg.Deal.from_words(commitments, e_words, t_words, s, wrong))
    with patch.object(secrets, "token_bytes", lambda _: bytes(32)):
        made = complain(verified, 4, generation.keys[4])
    point: G1Point = made.Z
    return verified, {
        "about": "dealer 2 of the first generation, its share for receiver 4 with the last bit flipped",
        "dealer": 2,
        "complainer": 4,
        "share": hexed(wrong[3]),
        "decrypted": hexed(verified.decrypt(4, point)),
        "Z": hexed(point.words),
        "c": hexed(made.c),
        "s": hexed(made.s),
    }


def vectors() -> dict[str, Any]:
    """The whole file."""
    first = Generation(1, 3, 5)
    second = Generation(2, 2, 3, first)
    return {
        "about": "Key generation and resharing of docs/spec/dkg.md. Every secret is public: never use one.",
        "chain_id": CHAIN_ID,
        "committee": COMMITTEE,
        "generations": [first.as_json(), second.as_json()],
        "complaint": false_deal(first)[1],
    }


def example(made: dict[str, Any]) -> str:
    """The worked example, as Markdown."""
    first = made["generations"][0]
    deal, key = first["deals"][1], first["registered"][2]
    lines = {
        "k_2": key["k"],
        "K_2": key["K"],
        "seed of dealer 1": deal["seed"],
        "C_0": deal["C"][0],
        "C_1": deal["C"][1],
        "C_2": deal["C"][2],
        "E": deal["E"],
        "T": deal["T"],
        "s": deal["s"],
        "share for 2, encrypted": deal["shares"][1],
        "keccak256(words(E, T, s, shares))": deal["rest"],
        "salt": deal["salt"],
        "commitment": deal["commitment"],
        "x_2, from all five": first["x"][2],
        "X = A_0": first["A"][0],
        "Y": first["Y"],
    }
    width = max(map(len, lines))
    text = "\n".join(
        f"    {name.ljust(width)}  {word}" if at == 0 else f"    {' ' * width}  {word}"
        for name, value in lines.items()
        for at, word in enumerate(value if isinstance(value, list) else [value])
    )
    return f"{BEGIN}\n\n{text}\n\n{END}"


def text() -> str:
    """dkg.json as it is written."""
    return json.dumps(vectors(), indent=1) + "\n"


def main() -> None:
    FILE.write_text(text())
    page = SPEC.read_text()
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    SPEC.write_text(before + example(vectors()) + after)


if __name__ == "__main__":
    main()
