"""Makes tests/fixtures/vectors/sealed-request.json and the worked example of docs/spec/sealed-request.md.

From the repository's root: `python tests/sdk/crypto/make_sealed_request_vectors.py`. HPKE draws its own randomness, so
another run gives other bytes; test_sealed_request.py checks what a reader makes of the committed ones.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import sys
from pathlib import Path
from typing import Any
from unittest import mock

if __name__ == "__main__":
    sys.path[:0] = [str(Path.cwd()), str(Path(__file__).parent)]

from crypto_vectors import FOLDER

from unwrapped_dao.crypto import sealed_request as sr
from unwrapped_dao.crypto.hashing import keccak256
from unwrapped_dao.crypto.sealed_request import EncryptionKey, Recipient

SPEC = Path(__file__).parents[3] / "docs" / "spec" / "sealed-request.md"
FILE = FOLDER / "sealed-request.json"
BEGIN, END = "<!-- example: made by", "<!-- end of example -->"


def _bytes(label: str) -> bytes:
    return keccak256(b"unwrapped-dao/test-vectors/" + label.encode())


KEY = EncryptionKey(_bytes("encryption-key"))
WHERE = Recipient(1337, _bytes("registry")[:20], _bytes("validator")[:20])
MANIFEST = b'{"ask":"held","member":"0x00","expiry":1,"signature":""}'
RECORDS, ENVELOPE = b"records\n", b"UNWRAPD..."
BODY = b'{"outcome":"refused"}'
#: Two chunks: the second holds the envelope's end and the filling.
LONG = bytes(range(251)) * 300


def pieces(*given: Any) -> list[Any]:
    """Hex, or [base, from, to]."""
    return list(given)


def build() -> dict[str, Any]:
    """The vectors: bases in base64, cases as pieces of them."""
    bases: dict[str, bytes] = {}
    answers: dict[str, sr.AnswerKey] = {}
    for name, records, envelope in (("short", RECORDS, ENVELOPE), ("long", RECORDS, LONG), ("bare", b"", b"")):
        sink = io.BytesIO()
        answers[name] = sr.seal(
            sink,
            KEY.public,
            WHERE,
            MANIFEST,
            records=records,
            envelope=io.BytesIO(envelope),
            envelope_length=len(envelope),
        )
        bases[name] = sink.getvalue()
    bases["answer"] = answers["short"].seal(BODY)
    bases["odd"] = _crafted(struct.pack(">IIQQ", 1, 0, 0, 0) + b"{" + b"\0" * 6 + b"\1", 32)
    bases["lengths"] = _crafted(struct.pack(">IIQQ", 1, 0, 90, 0) + b"{" + b"\0" * 7, 32)
    bases["reserved"] = _crafted(struct.pack(">IIQQ", 8, 1, 0, 0) + b"{      }", 32)
    short, long = len(bases["short"]), len(bases["long"])
    chunk = 65_552

    def case(name: str, outcome: str, *parts: Any, opener: str = "validator") -> dict[str, Any]:
        return {"name": name, "pieces": pieces(*parts), "opener": opener, "outcome": outcome}

    def flipped(base: str, at: int) -> list[Any]:
        return [[base, 0, at], f"{bases[base][at] ^ 1:02x}", [base, at + 1, len(bases[base])]]

    cases = [
        case("short", "ok short", ["short", 0, short]),
        case("two-chunks", "ok long", ["long", 0, long]),
        case("no-records-no-envelope", "ok bare", ["bare", 0, len(bases["bare"])]),
        case("magic", "malformed", *flipped("short", 0)),
        case("version", "version", *flipped("short", 7)),
        case("wrapped-key-altered", "key", *flipped("short", 8)),
        case("wrapped-tag-altered", "key", *flipped("short", 87)),
        case("padded-not-padme", "malformed", ["short", 0, 88], (1025).to_bytes(8, "big").hex(), ["short", 96, short]),
        case("padded-zero", "malformed", ["short", 0, 88], "00" * 8, ["short", 96, short]),
        case("padded-other", "payload", ["short", 0, 88], (96).to_bytes(8, "big").hex(), ["short", 96, short]),
        case("payload-altered", "payload", *flipped("short", 100)),
        case("last-byte-altered", "payload", *flipped("long", long - 1)),
        case("chunks-swapped", "payload", ["long", 0, 96], ["long", 96 + chunk, long], ["long", 96, 96 + chunk]),
        case("head-of-another", "payload", ["bare", 0, 88], ["short", 88, short]),
        case("cut-in-head", "truncated", ["short", 0, 50]),
        case("cut-in-payload", "truncated", ["short", 0, short - 1]),
        case("cut-after-first-chunk", "truncated", ["long", 0, 96 + chunk]),
        case("empty", "truncated"),
        case("one-byte-more", "trailing", ["short", 0, short], "00"),
        case("filling-not-zero", "padding", ["odd", 0, len(bases["odd"])]),
        case("lengths-beyond", "padding", ["lengths", 0, len(bases["lengths"])]),
        case("reserved-not-zero", "padding", ["reserved", 0, len(bases["reserved"])]),
        case("other-key", "key", ["short", 0, short], opener="other-key"),
        case("other-validator", "key", ["short", 0, short], opener="other-validator"),
        case("other-registry", "key", ["short", 0, short], opener="other-registry"),
        case("other-chain", "key", ["short", 0, short], opener="other-chain"),
    ]
    end = len(bases["answer"])
    replies = [
        {"name": "answer", "to": "short", "pieces": [["answer", 0, end]], "outcome": "ok"},
        {"name": "to-another-request", "to": "long", "pieces": [["answer", 0, end]], "outcome": "payload"},
        {"name": "altered", "to": "short", "pieces": flipped("answer", 60), "outcome": "payload"},
        {"name": "salt-altered", "to": "short", "pieces": flipped("answer", 8), "outcome": "payload"},
        {"name": "magic", "to": "short", "pieces": flipped("answer", 0), "outcome": "malformed"},
        {"name": "version", "to": "short", "pieces": flipped("answer", 7), "outcome": "version"},
        {"name": "cut", "to": "short", "pieces": [["answer", 0, end - 1]], "outcome": "payload"},
        {"name": "nothing", "to": "short", "pieces": [], "outcome": "malformed"},
    ]
    return {
        "description": "Sealed requests and answers of docs/spec/sealed-request.md; outcomes are classes of failure.",
        "key": KEY.to_secret_bytes().hex(),
        "public": KEY.public.hex(),
        "where": {"chainId": WHERE.chain_id, "registry": WHERE.registry.hex(), "validator": WHERE.validator.hex()},
        "manifest": MANIFEST.decode(),
        "records": RECORDS.decode(),
        "body": BODY.decode(),
        "bases": {name: base64.b64encode(data).decode() for name, data in bases.items()},
        "cases": cases,
        "answers": replies,
    }


def _crafted(plaintext: bytes, padded: int) -> bytes:
    """A request around any plaintext, also one that an honest writer would never make."""
    request_key = _bytes("crafted")
    with mock.patch.object(sr.secrets, "token_bytes", lambda size: request_key[:size]):
        wrapped = sr._wrap(KEY.public, WHERE, request_key)
    head = sr._HEAD.pack(sr.REQUEST_MAGIC, sr.VERSION, wrapped, padded)
    sink = io.BytesIO()
    writer = sr.StreamWriter(sr._payload_key(request_key, head), sink, padded)
    writer.write(plaintext)
    writer.close()
    return head + sink.getvalue()


def _wrapped_hex(data: bytes, indent: str) -> str:
    text = data.hex()
    return "\n".join(indent + text[at : at + 96] for at in range(0, len(text), 96))


def example(vectors: dict[str, Any]) -> str:
    """The worked example, as Markdown: the base `short` and its answer."""
    data, answer = (base64.b64decode(vectors["bases"][name]) for name in ("short", "answer"))
    request_key = sr._unwrap(KEY, WHERE, data[8:88])
    head = data[:96]
    plain = struct.pack(">IIQQ", len(MANIFEST), 0, len(RECORDS), len(ENVELOPE)) + MANIFEST + RECORDS + ENVELOPE
    lines = ["", "The base `short` of the vectors, and the answer to it.", ""]

    def show(name: str, value: bytes) -> None:
        if len(value) <= 40:
            lines.append(f"    {name:<14} {value.hex()}")
        else:
            lines.extend([f"    {name}", _wrapped_hex(value, "      ")])

    show("sk", KEY.to_secret_bytes())
    show("pk", KEY.public)
    lines.append(f"    {'chain':<14} {WHERE.chain_id}")
    show("registry", WHERE.registry)
    show("validator", WHERE.validator)
    show("info", WHERE.info)
    show("head", head)
    show("rk", request_key)
    show("payload key", sr._payload_key(request_key, head))
    show("plaintext", plain + bytes(sr.padme(len(plain)) - len(plain)))
    show("payload", data[96:])
    lines += ["", f"The request is {len(data)} bytes long. The answer's body is `{BODY.decode()}` and spaces.", ""]
    show("salt", answer[8:40])
    show("answer key", sr.AnswerKey(request_key, hashlib.sha256(head).digest())._key(answer[8:40]))
    lines += [f"    {'SHA256(answer)':<14} {hashlib.sha256(answer).hexdigest()}", ""]
    return "\n".join(lines)


def spec_with_example(spec: str, vectors: dict[str, Any]) -> str:
    """The specification with the example between its markers."""
    start = spec.index("\n", spec.index(BEGIN)) + 1
    return spec[:start] + example(vectors) + "\n" + spec[spec.index(END) :]


if __name__ == "__main__":
    made = build()
    FILE.write_text(json.dumps(made, indent=1) + "\n")
    SPEC.write_text(spec_with_example(SPEC.read_text(), made))
