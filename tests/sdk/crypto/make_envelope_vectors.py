"""Makes tests/fixtures/vectors/envelope.json and the worked example of docs/spec/envelope.md.

From the repository's root: `python tests/sdk/crypto/make_envelope_vectors.py`. Everything derives from public labels,
so another run gives the same bytes; test_envelope_vectors.py compares.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path.cwd()), str(Path(__file__).parent)]

from crypto_vectors import FOLDER

from tests.doubles.envelopes import craft, preamble
from unwrapped_dao.crypto import committee, envelope
from unwrapped_dao.crypto.bn254 import P2, hash_to_g1, pairing
from unwrapped_dao.crypto.hashing import (
    capsule_keys,
    capsule_scalar,
    hash_to_scalar,
    keccak256,
    payload_key,
)
from unwrapped_dao.crypto.header import Compression, EnvelopeContext, padme
from unwrapped_dao.crypto.keys import DataKey, NodeKey, SecretScalar
from unwrapped_dao.crypto.tree import Node, PoolId, path

SPEC = Path(__file__).parents[3] / "docs" / "spec" / "envelope.md"
BEGIN, END = "<!-- example: made by", "<!-- end of example -->"

CONTENT = b"artist,plays\nNina Simone,412\nMoondog,97\n"
#: Raw deflate of b"la" * 150, made once: other zlib versions may choose other bytes.
DEFLATED, INFLATED = bytes.fromhex("cb49cc1985444200"), b"la" * 150


def _secret(label: str) -> SecretScalar:
    return SecretScalar(hash_to_scalar(label.encode(), b"unwrapped-dao/test-vectors"))


def _bytes(label: str) -> bytes:
    return keccak256(b"unwrapped-dao/test-vectors/" + label.encode())


X = _secret("committee")
POOL = PoolId(1337, _bytes("registry")[:20], _bytes("scope"), 7)
CONTEXT = EnvelopeContext(POOL, member_number=1, tree_height=2)
Y = P2 * X.to_secret_int()


def pattern(length: int) -> bytes:
    """Byte i is i mod 251."""
    return (bytes(range(251)) * (length // 251 + 1))[:length]


def _craft(
    name: str,
    plaintext: bytes,
    *,
    compression: Compression = Compression.NONE,
    padded_length: int | None = None,
    free_r: int | None = None,
) -> bytes:
    """An envelope around any plaintext, with the data key and the salt of a name."""
    return craft(
        CONTEXT,
        Y,
        plaintext,
        dek=DataKey(_bytes(name + "/dek")),
        salt=_bytes(name + "/salt"),
        compression=compression,
        padded_length=padded_length,
        free_r=free_r,
    )


def _stored(name: str, content: bytes) -> bytes:
    return _craft(name, preamble(len(content), len(content)) + content)


def _deflated(name: str, stored: bytes, plain: int) -> bytes:
    return _craft(name, preamble(len(stored), plain) + stored, compression=Compression.DEFLATE)


def bases() -> dict[str, bytes]:
    """Whole envelopes, by name."""
    n = len(CONTENT)
    return {
        "stored": _stored("stored", CONTENT),
        "other": _stored("other", CONTENT),
        "empty": _stored("empty", b""),
        "deflated": _deflated("deflated", DEFLATED, len(INFLATED)),
        "three-chunks": _stored("three-chunks", pattern(132_000)),
        "free-randomness": _craft("free-randomness", preamble(n, n) + CONTENT, free_r=_secret("r").to_secret_int()),
        "filling-not-zero": _craft("filling-not-zero", preamble(n, n) + CONTENT + b"\1"),
        "stored-too-long": _craft("stored-too-long", preamble(1 << 40, 1 << 40) + CONTENT),
        "padded-too-much": _craft("padded-too-much", preamble(n, n) + CONTENT, padded_length=padme(1000)),
        "two-lengths": _craft("two-lengths", preamble(n, n + 1) + CONTENT),
        "bomb": _deflated("bomb", DEFLATED, 1 << 40),
        "inflates-too-far": _deflated("inflates-too-far", DEFLATED, len(INFLATED) - 1),
        "inflates-too-little": _deflated("inflates-too-little", DEFLATED, len(INFLATED) + 1),
        "deflate-cut": _deflated("deflate-cut", DEFLATED[:-2], len(INFLATED)),
        "deflate-followed": _deflated("deflate-followed", DEFLATED + b"\0", len(INFLATED)),
        "deflate-garbage": _deflated("deflate-garbage", b"\xff" * 20, len(INFLATED)),
    }


def _openers() -> dict[str, NodeKey]:
    def key(node: Node, pool: PoolId = POOL, secret: SecretScalar = X) -> NodeKey:
        return committee.sign_node(secret, pool, node)

    return {
        "root": key(Node(2, 0)),
        "branch": key(Node(1, 0)),
        "leaf": key(Node(0, 1)),
        "neighbour": key(Node(0, 0)),
        "above-the-root": key(Node(3, 0)),
        "other-epoch": key(Node(2, 0), PoolId(POOL.chain_id, POOL.registry, POOL.scope, POOL.epoch + 1)),
        "other-committee": key(Node(2, 0), secret=_secret("other committee")),
    }


Piece = tuple[str, int, int] | str  # a slice of a base, or literal hex


def _cases(made: dict[str, bytes]) -> list[dict[str, Any]]:
    """Every case is put together from pieces of the bases, so that a reader sees what was done to it."""
    cases: list[dict[str, Any]] = []
    stored = made["stored"]
    header = 151 + 128 + 64 * 3 + 32
    chunk = 65_536 + 16
    end = len(stored)

    def case(
        name: str, pieces: list[Piece], outcome: str, opener: str = "root", content: Any = None, expected: str = ""
    ) -> None:
        row: dict[str, Any] = {"name": name, "pieces": pieces, "opener": opener, "outcome": outcome}
        if content is not None:
            row["content"] = content
        if expected:
            row["expected_member"] = expected
        cases.append(row)

    def whole(name: str) -> list[Piece]:
        return [(name, 0, len(made[name]))]

    def flip(at: int, bit: int = 1) -> list[Piece]:
        return [("stored", 0, at), bytes([stored[at] ^ bit]).hex(), ("stored", at + 1, end)]

    def put(at: int, literal: str) -> list[Piece]:
        return [("stored", 0, at), literal, ("stored", at + len(literal) // 2, end)]

    for opener in ("root", "branch", "leaf"):
        case(f"opens with the {opener} key", whole("stored"), "ok", opener, {"hex": CONTENT.hex()})
    case("empty content", whole("empty"), "ok", content={"hex": ""})
    case("deflated content", whole("deflated"), "ok", content={"hex": INFLATED.hex()})
    case("three chunks", whole("three-chunks"), "ok", content={"pattern": 132_000})

    case("nothing at all", [], "EnvelopeError malformed")
    case("another magic", put(0, "50"), "EnvelopeError malformed")
    case("version 2", put(7, "02"), "EnvelopeError version")
    case("suite 2", put(8, "02"), "EnvelopeError version")
    case("unknown compression", put(9, "02"), "EnvelopeError malformed")
    case("height 33", put(10, "21"), "EnvelopeError malformed")
    case("member number outside the tree", put(18, "04"), "EnvelopeError malformed")
    case("padded length below the minimum", put(111, (15).to_bytes(8, "big").hex()), "EnvelopeError malformed")
    case("padded length that is no Padmé length", put(111, (1001).to_bytes(8, "big").hex()), "EnvelopeError malformed")
    case("padded length beyond 2^48", put(111, (1 << 49).to_bytes(8, "big").hex()), "EnvelopeError malformed")
    case("another member than expected", whole("stored"), "EnvelopeError context", expected="2")
    case("cut in the magic", [("stored", 0, 7)], "EnvelopeError truncated")
    case("cut in ctx", [("stored", 0, 150)], "EnvelopeError truncated")
    case("cut in the capsule", [("stored", 0, 300)], "EnvelopeError truncated")
    case("cut in the mac", [("stored", 0, header - 1)], "EnvelopeError truncated")
    case("header alone", [("stored", 0, header)], "EnvelopeError truncated")
    case("last byte missing", [("stored", 0, end - 1)], "EnvelopeError truncated")
    case("one byte more", [*whole("stored"), "00"], "EnvelopeError trailing")
    case("a second envelope behind", whole("stored") + whole("stored"), "EnvelopeError trailing")

    case("key of the neighbour's leaf", whole("stored"), "CapsuleError node", "neighbour")
    case("key of a node above the root", whole("stored"), "CapsuleError node", "above-the-root")
    case("key of another epoch", whole("stored"), "CapsuleError node", "other-epoch")
    case("key of another committee", whole("stored"), "CapsuleError commit", "other-committee")
    case("chain id altered", flip(58), "CapsuleError node")
    case("epoch altered", flip(26), "CapsuleError node")
    case("scope altered", flip(79), "CapsuleError node")
    case("member number altered", flip(18, 2), "CapsuleError commit")
    case("salt altered", flip(119), "CapsuleError commit")
    case("compression altered", put(9, "01"), "CapsuleError commit")
    case("padded length altered", put(111, (1024).to_bytes(8, "big").hex()), "CapsuleError commit")
    case("R off the curve", flip(151 + 127), "CapsuleError malformed")
    case("R at infinity", put(151, "00" * 128), "CapsuleError malformed")
    case("R not canonical", put(151, "ff" * 32), "CapsuleError malformed")
    case(
        "R of another envelope", [("stored", 0, 151), ("other", 151, 279), ("stored", 279, end)], "CapsuleError commit"
    )
    case("commitment altered", flip(279), "CapsuleError commit")
    case("wrapped key altered", flip(279 + 16), "CapsuleError wrap")
    case("tag of the wrapped key altered", flip(279 + 63), "CapsuleError wrap")
    case(
        "wraps of root and branch exchanged",
        [("stored", 0, 279), ("stored", 343, 407), ("stored", 279, 343), ("stored", 407, end)],
        "CapsuleError commit",
    )
    case("exponent not derived from the data key", whole("free-randomness"), "CapsuleError randomness")
    case("wrap of another node altered", flip(343 + 16), "EnvelopeError header")
    case("mac altered", flip(header - 1), "EnvelopeError header")
    case("capsule and mac of another envelope", [("stored", 0, 151), ("other", 151, end)], "CapsuleError commit")

    case("payload altered", flip(header), "EnvelopeError payload")
    case("payload tag altered", flip(end - 1), "EnvelopeError payload")
    case("payload of another envelope", [("stored", 0, header), ("other", header, end)], "EnvelopeError payload")
    three = len(made["three-chunks"])
    case(
        "chunks exchanged",
        [
            ("three-chunks", 0, header),
            ("three-chunks", header + chunk, header + 2 * chunk),
            ("three-chunks", header, header + chunk),
            ("three-chunks", header + 2 * chunk, three),
        ],
        "EnvelopeError payload",
    )
    case(
        "first chunk twice",
        [
            ("three-chunks", 0, header + chunk),
            ("three-chunks", header, header + chunk),
            ("three-chunks", header + 2 * chunk, three),
        ],
        "EnvelopeError payload",
    )
    case("last chunk missing", [("three-chunks", 0, header + 2 * chunk)], "EnvelopeError truncated")
    case(
        "middle chunk missing",
        [("three-chunks", 0, header + chunk), ("three-chunks", header + 2 * chunk, three)],
        "EnvelopeError truncated",
    )
    for name in ("filling-not-zero", "stored-too-long", "padded-too-much", "two-lengths"):
        case(name.replace("-", " "), whole(name), "EnvelopeError padding")
    case("states an expansion beyond the bound", whole("bomb"), "EnvelopeError compression")
    for name in ("inflates-too-far", "inflates-too-little", "deflate-cut", "deflate-followed", "deflate-garbage"):
        case(name.replace("-", " "), whole(name), "EnvelopeError compression")
    return cases


def build() -> dict[str, Any]:
    """The content of envelope.json."""
    made = bases()
    openers = {
        name: {
            "epoch": key.pool.epoch,
            "height": key.node.height,
            "index": key.node.index,
            "sigma": "0x" + key.to_secret_bytes().hex(),
        }
        for name, key in _openers().items()
    }
    return {
        "version": 1,
        "about": "A case joins `pieces`: [base, start, end] is a slice of a base (base64), a string is hex. `outcome` "
        "is ok, or the error and its kind. `content` is hex, or `pattern`: byte i = i mod 251. All secrets are public: "
        "for tests only.",
        "context": {
            "chainId": POOL.chain_id,
            "registry": "0x" + POOL.registry.hex(),
            "scope": "0x" + POOL.scope.hex(),
            "epoch": POOL.epoch,
            "member_number": CONTEXT.member_number,
            "tree_height": CONTEXT.tree_height,
        },
        "committee": {"x": "0x" + X.to_secret_bytes().hex(), "Y": "0x" + Y.to_bytes().hex()},
        "openers": openers,
        "bases": {name: base64.b64encode(data).decode() for name, data in made.items()},
        "cases": _cases(made),
    }


def _wrapped_hex(data: bytes, indent: str = "    ") -> str:
    text = data.hex()
    return "\n".join(indent + text[at : at + 96] for at in range(0, len(text), 96))


def example() -> str:
    """The worked example, as Markdown."""
    data = bases()["stored"]
    header = envelope.inspect(data)
    dek = _bytes("stored/dek")
    ctx, capsule = header.prefix, header.capsule
    r = capsule_scalar(dek, ctx)
    lines = ["", "Everything here is derived from public labels; it is the base `stored` of the vectors.", ""]

    def show(name: str, value: bytes) -> None:
        if len(value) <= 40:
            lines.append(f"    {name:<14} {value.hex()}")
        else:
            lines.extend([f"    {name}", _wrapped_hex(value, "      ")])

    def text(name: str, value: object) -> None:
        lines.append(f"    {name:<14} {value}")

    text("content", repr(CONTENT.decode())[1:-1])
    text("chain, epoch", f"{POOL.chain_id}, {POOL.epoch}")
    show("registry", POOL.registry)
    show("scope", POOL.scope)
    text("member, H", f"{CONTEXT.member_number}, {CONTEXT.tree_height}")
    show("Y", Y.to_bytes())
    show("dek", dek)
    show("salt", header.salt)
    lines += [
        "",
        f"The content has {len(CONTENT)} bytes, so padded = Padmé(16 + {len(CONTENT)}) = {header.padded_length}.",
        "",
    ]
    show("ctx", ctx)
    show("r", r.to_bytes(32, "big"))
    show("R", capsule.r_bytes)
    for node, wrap in zip(path(CONTEXT.member_number, CONTEXT.tree_height), capsule.wraps, strict=True):
        node_id = POOL.node_id(node)
        gt = pairing(hash_to_g1(node_id), Y * r)
        kek, _ = capsule_keys(gt, node_id, capsule.r_bytes, ctx)
        lines += ["", f"Node ({node.height}, {node.index}):", ""]
        show("id", node_id)
        show("H(id)", hash_to_g1(node_id).to_bytes())
        show("SHA256(gt)", hashlib.sha256(gt).digest())
        show("kek", kek)
        show("commit", wrap.commit)
        show("wrapped", wrap.wrapped)
    lines += ["", "The rest:", ""]
    show("mac", header.mac)
    show("payload key", payload_key(dek, header.salt, ctx))
    show("nonce", bytes(11) + b"\x01")
    show("plaintext", preamble(len(CONTENT), len(CONTENT)) + CONTENT + bytes(header.padded_length - 16 - len(CONTENT)))
    show("payload", data[header.length :])
    lines += [
        "",
        f"The envelope is {len(data)} bytes long. Its SHA-256 is",
        "",
        f"    {hashlib.sha256(data).hexdigest()}",
        "",
    ]
    return "\n".join(lines)


def spec_with_example(spec: str) -> str:
    """The specification with the example between its markers."""
    start = spec.index("\n", spec.index(BEGIN)) + 1
    return spec[:start] + example() + "\n" + spec[spec.index(END) :]


def render() -> str:
    """envelope.json as text."""
    return json.dumps(build(), indent=1) + "\n"


if __name__ == "__main__":
    (FOLDER / "envelope.json").write_text(render())
    SPEC.write_text(spec_with_example(SPEC.read_text()))
