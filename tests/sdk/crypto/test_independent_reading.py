"""The specifications read a second time, by hand, against the committed vectors: nothing here is the package's.

Hashes are hashlib's, eth-hash's and eth-abi's; points and pairings py_ecc's; the hash to the curve is the model that
the contracts are compared with. A mistake that package and vectors have in common, this does not share.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import itertools
import json
import operator
import struct
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eth_abi.abi import encode
from eth_hash.auto import keccak
from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128 import (
    G1,
    G2,
    add,
    curve_order,
    eq,
    field_modulus,
    final_exponentiate,
    multiply,
    neg,
    normalize,
    pairing,
)

from tests.contracts.support import bn254_model

VECTORS = Path(__file__).parents[2] / "fixtures" / "vectors"
R = curve_order
Json = dict[str, Any]


def _vectors(name: str) -> Json:
    read: Json = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    return read


DELIVERY, ENVELOPE, DKG = _vectors("key-delivery"), _vectors("envelope"), _vectors("dkg")


# --- encodings -------------------------------------------------------------------------------------------------------


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def number(text: str) -> int:
    return int(text, 16)


def words(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 32], "big") for at in range(0, len(data), 32)]


def g1(data: bytes | list[int]) -> Any:
    x, y = words(data) if isinstance(data, bytes) else data
    assert 0 <= x < field_modulus and 0 <= y < field_modulus and (y * y - x**3 - 3) % field_modulus == 0
    return FQ(x), FQ(y), FQ(1)


def g2(data: bytes | list[int]) -> Any:
    x_im, x_re, y_im, y_re = words(data) if isinstance(data, bytes) else data
    return FQ2([x_re, x_im]), FQ2([y_re, y_im]), FQ2.one()


def g1_words(point: Any) -> list[int]:
    x, y = normalize(point)
    return [int(x), int(y)]


def g1_bytes(point: Any) -> bytes:
    return b"".join(word.to_bytes(32, "big") for word in g1_words(point))


def g2_bytes(point: Any) -> bytes:
    (x, y) = normalize(point)
    return b"".join(int(c).to_bytes(32, "big") for v in (x, y) for c in (v.coeffs[1], v.coeffs[0]))


def gt_bytes(value: Any) -> bytes:
    """py_ecc's w¹² - 18w⁶ + 82 into pairs (re, im) over w⁶ = 9 + u."""
    c = [int(k) for k in value.coeffs]
    pairs = [((c[i] + 9 * c[i + 6]) % field_modulus, c[i + 6]) for i in range(6)]
    return b"".join(word.to_bytes(32, "big") for pair in pairs for word in pair)


def hkdf(ikm: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with SHA-256, written out."""
    key, out, block = hmac.digest(salt, ikm, "sha256"), b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes([counter]), "sha256")
        out += block
    return out[:length]


def expand(message: bytes, dst: bytes, length: int) -> bytes:
    """expand_message_xmd of RFC 9380 5.3.1 with Keccak-256, written out."""
    prime = dst + bytes([len(dst)])
    b0 = keccak(bytes(136) + message + length.to_bytes(2, "big") + b"\0" + prime)
    blocks = [keccak(b0 + b"\x01" + prime)]
    while 32 * len(blocks) < length:
        mixed = bytes(a ^ b for a, b in zip(b0, blocks[-1], strict=True))
        blocks.append(keccak(mixed + bytes([len(blocks) + 1]) + prime))
    return b"".join(blocks)[:length]


def scalar(dst: bytes, message: bytes) -> int:
    return int.from_bytes(expand(message, dst, 48), "big") % R


def hash_to_g1(message: bytes) -> Any:
    return g1(list(bn254_model.hash_to_g1(message)))


def node_id(chain: int, registry: bytes, scope: bytes, epoch: int, height: int, index: int) -> bytes:
    types = ["bytes32", "uint8", "uint256", "address", "bytes32", "uint64", "uint8", "uint64"]
    tag = keccak(b"unwrapped-dao/node/v1")
    return keccak(encode(types, [tag, 1, chain, "0x" + registry.hex(), scope, epoch, height, index]))


def lagrange(indices: tuple[int, ...]) -> dict[int, int]:
    out = {}
    for j in indices:
        out[j] = 1
        for m in indices:
            if m != j:
                out[j] = out[j] * m * pow(m - j, -1, R) % R
    return out


def combined(points: dict[int, Any]) -> Any:
    weights = lagrange(tuple(points))
    return total([multiply(point, weights[j]) for j, point in points.items()])


def total(points: list[Any]) -> Any:
    return functools.reduce(add, points)


# --- key delivery ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", DELIVERY["ids"]["nodes"], ids=lambda v: f"({v['height']}, {v['index']})")
def test_node_ids(vector: Json) -> None:
    ids = DELIVERY["ids"]
    place = (number(ids["chainId"]), raw(ids["registry"]), raw(ids["scope"]), number(ids["epoch"]))
    assert node_id(*place, vector["height"], vector["index"]) == raw(vector["id"])
    assert g1_bytes(hash_to_g1(raw(vector["id"]))) == raw(vector["H"])


@pytest.mark.parametrize("wrap", DELIVERY["ibe"]["wraps"][::4], ids=lambda w: f"height {w['height']}")
def test_the_wrap_of_a_node_and_its_opening_by_the_nodes_key(wrap: Json) -> None:
    ibe, committee = DELIVERY["ibe"], DELIVERY["committee"]
    r, x, context, dek, point = number(ibe["r"]), number(committee["x"]), raw(ibe["ctx"]), raw(ibe["dek"]), ibe["R_G2"]
    hashed = hash_to_g1(raw(wrap["id"]))
    assert g2_bytes(multiply(G2, r)) == raw(point)
    sigma = multiply(hashed, x)
    assert g1_bytes(sigma) == raw(wrap["sigma"])
    gt = gt_bytes(pairing(g2(raw(point)), sigma))  # e(x·H, R) = e(r·H, Y)
    assert gt == raw(wrap["gt"])
    info = raw(wrap["id"]) + raw(point) + hashlib.sha256(context).digest()
    okm = hkdf(gt, b"unwrapped-dao/kem/v1", info, 48)
    assert (okm[:32], okm[32:]) == (raw(wrap["kek"]), raw(wrap["commit"]))
    assert AESGCM(okm[:32]).encrypt(bytes(12), dek, raw(wrap["id"]) + raw(point) + context) == raw(wrap["wrapped"])


def test_the_committees_shares_and_every_quorum_of_them() -> None:
    committee = DELIVERY["committee"]
    coefficients, shares = [number(c) for c in committee["coeffs"]], committee["shares"]
    for j, share in shares.items():
        assert sum(a * int(j) ** k for k, a in enumerate(coefficients)) % R == number(share)
        assert g1_bytes(multiply(G1, number(share))) == raw(committee["X_j_G1"][j])
        assert g2_bytes(multiply(G2, number(share))) == raw(committee["Y_j_G2"][j])
    for quorum in itertools.combinations(range(1, 6), 3):
        weights = lagrange(quorum)
        assert sum(weights[j] * number(shares[str(j)]) for j in quorum) % R == number(committee["x"])
    for pair in itertools.combinations(range(1, 6), 2):
        weights = lagrange(pair)
        assert sum(weights[j] * number(shares[str(j)]) for j in pair) % R != number(committee["x"])


def test_the_shares_of_a_delivery_their_combinations_and_its_opening() -> None:
    delivery, committee = DELIVERY["delivery"], DELIVERY["committee"]
    b, hashed = number(delivery["b"]), hash_to_g1(raw(delivery["id"]))
    buyer = multiply(G1, b)
    assert (g1_bytes(buyer), g2_bytes(multiply(G2, b))) == (raw(delivery["B1_G1"]), raw(delivery["B2_G2"]))
    for j, share in delivery["shares"].items():
        c1 = multiply(G1, number(share["u"]))
        c2 = add(multiply(hashed, number(committee["shares"][j])), multiply(buyer, number(share["u"])))
        assert (g1_bytes(c1), g1_bytes(c2)) == (raw(share["C1"]), raw(share["C2"]))
    for quorum in ("135", "245"):
        made = {part: combined({int(j): g1(raw(delivery["shares"][j][part])) for j in quorum}) for part in ("C1", "C2")}
        told = delivery[f"combined_{quorum}"]
        assert {part: g1_bytes(point) for part, point in made.items()} == {p: raw(told[p]) for p in ("C1", "C2")}
        assert g1_bytes(add(made["C2"], neg(multiply(made["C1"], b)))) == raw(delivery["sigma"])
        # e(C2, -P2)·e(H(id), Y)·e(C1, B2) = 1
        pairs = ((neg(G2), made["C2"]), (g2(raw(committee["Y_G2"])), hashed), (g2(raw(delivery["B2_G2"])), made["C1"]))
        product = functools.reduce(operator.mul, [pairing(q, p, final_exponentiate=False) for q, p in pairs])
        assert final_exponentiate(product) == type(product).one()


# --- the envelope ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("base", "opener"), [("stored", "leaf"), ("three-chunks", "root")])
def test_an_envelope_opens_by_the_words_of_its_specification(base: str, opener: str) -> None:
    where = ENVELOPE["context"]
    data = base64.b64decode(ENVELOPE["bases"][base])
    case = next(c for c in ENVELOPE["cases"] if c["outcome"] == "ok" and c["pieces"] == [[base, 0, len(data)]])
    ctx = data[:151]
    magic, version, suite, compression, height, member, epoch, chain, registry, scope, padded, salt = struct.unpack(
        ">7sBBBBQQ32s20s32sQ32s", ctx
    )
    assert (magic, version, suite, compression) == (b"UNWRAPD", 1, 1, 0)
    assert (height, member, epoch) == (where["tree_height"], where["member_number"], where["epoch"])
    assert (int.from_bytes(chain, "big"), registry, scope) == (
        where["chainId"], raw(where["registry"]), raw(where["scope"]),
    )  # fmt: skip
    at = 151 + 128
    point, wraps = data[151:at], [data[at + 64 * i : at + 64 * (i + 1)] for i in range(height + 1)]
    end = at + 64 * (height + 1)
    mac, payload = data[end : end + 32], data[end + 32 :]

    node = ENVELOPE["openers"][opener]
    identity = node_id(int.from_bytes(chain, "big"), registry, scope, epoch, node["height"], node["index"])
    x = number(ENVELOPE["committee"]["x"])
    sigma = multiply(hash_to_g1(identity), x)
    assert g1_bytes(sigma) == raw(node["sigma"])
    gt = gt_bytes(pairing(g2(point), sigma))
    okm = hkdf(gt, b"unwrapped-dao/kem/v1", identity + point + hashlib.sha256(ctx).digest(), 48)
    wrap = wraps[height - node["height"]]
    assert okm[32:] == wrap[:16]
    dek = AESGCM(okm[:32]).decrypt(bytes(12), wrap[16:], identity + point + ctx)
    r = scalar(b"unwrapped-dao/capsule-scalar/v1", dek + ctx)
    assert g2_bytes(multiply(G2, r)) == point
    mac_key = hkdf(dek, salt, b"unwrapped-dao/header-mac/v1" + hashlib.sha256(ctx).digest(), 32)
    assert hmac.digest(mac_key, data[:end], "sha256") == mac

    key, plain = hkdf(dek, salt, b"unwrapped-dao/payload/v1" + hashlib.sha256(ctx).digest(), 32), b""
    chunks = -(-padded // 65_536)
    for i in range(chunks):
        nonce = i.to_bytes(11, "big") + (b"\x01" if i == chunks - 1 else b"\x00")
        plain += AESGCM(key).decrypt(nonce, payload[i * 65_552 : (i + 1) * 65_552], None)
    assert len(plain) == padded and len(payload) == padded + 16 * chunks
    stored, told = struct.unpack(">QQ", plain[:16])
    assert stored == told and not any(plain[16 + stored :])
    said = case["content"]
    wanted = bytes.fromhex(said["hex"]) if "hex" in said else bytes(i % 251 for i in range(said["pattern"]))
    assert plain[16 : 16 + stored] == wanted


# --- key generation --------------------------------------------------------------------------------------------------


def challenge(tag: str, *values: int | bytes) -> int:
    said = b"".join(v.to_bytes(32, "big") if isinstance(v, int) else v.rjust(32, b"\0") for v in values)
    return int.from_bytes(keccak(keccak(tag.encode()) + said), "big")


def numbers(point: list[str]) -> list[int]:
    return [number(word) for word in point]


def proves(base: Any, public: list[int], s: int, t_point: list[int], c: int) -> bool:
    return bool(eq(multiply(base, s), add(g1(t_point), multiply(g1(public), c % R))))


@pytest.mark.parametrize("generation", DKG["generations"], ids=lambda g: f"generation {g['generation']}")
def test_every_message_of_a_generation_and_the_shares_and_key_it_ends_in(generation: Json) -> None:
    where = (DKG["chain_id"], raw(DKG["committee"]), generation["generation"])
    keys = {int(j): number(one["k"]) for j, one in generation["registered"].items()}
    for j, one in generation["registered"].items():
        public, t_point = numbers(one["K"]), numbers(one["T"])
        assert g1_words(multiply(G1, keys[int(j)])) == public
        c = challenge("unwrapped-dao/dkg-encryption-key/v1", *where, int(j), *public, *t_point)
        assert proves(G1, public, number(one["s"]), t_point, c)

    dealt: dict[int, dict[int, int]] = {}
    for i, deal in generation["deals"].items():
        ephemeral, t_point, s = numbers(deal["E"]), numbers(deal["T"]), number(deal["s"])
        shares, commitments = numbers(deal["shares"]), [numbers(c) for c in deal["C"]]
        c = challenge("unwrapped-dao/dkg-ephemeral/v1", *where, int(i), *ephemeral, *t_point)
        assert proves(G1, ephemeral, s, t_point, c)
        rest = keccak(b"".join(v.to_bytes(32, "big") for v in (*ephemeral, *t_point, s, *shares)))
        flat = keccak(b"".join(v.to_bytes(32, "big") for point in commitments for v in point))
        assert rest == raw(deal["rest"])
        told = challenge("unwrapped-dao/dkg-deal/v1", *where, int(i), raw(deal["salt"]), flat, rest)
        assert told == number(deal["commitment"])
        dealt[int(i)] = {}
        for j, k in keys.items():
            shared = g1_words(multiply(g1(ephemeral), k))
            share = shares[j - 1] ^ challenge("unwrapped-dao/dkg-share/v1", *where, int(i), j, *ephemeral, *shared)
            assert share < R
            expected = total([multiply(g1(point), j**n) for n, point in enumerate(commitments)])
            assert eq(multiply(G1, share), expected)
            dealt[int(i)][j] = share

    count = tuple(generation["dealers_that_count"])
    weights = lagrange(count) if generation["source"] else dict.fromkeys(count, 1)
    for j, told_x in generation["x"].items():
        x_j = sum(weights[i] * dealt[i][int(j)] for i in count) % R
        assert x_j == number(told_x)
        assert words(g2_bytes(multiply(G2, x_j))) == numbers(generation["Y_j"][int(j) - 1])
    polynomial = [
        total([multiply(g1(numbers(generation["deals"][str(i)]["C"][k])), weights[i]) for i in count])
        for k in range(generation["threshold"])
    ]
    assert [g1_words(point) for point in polynomial] == [numbers(point) for point in generation["A"]]
    assert keccak(b"".join(g1_bytes(point) for point in polynomial)) == raw(generation["hash_A"])
    quorum = tuple(range(1, generation["threshold"] + 1))
    secret = sum(w * number(generation["x"][str(j)]) for j, w in lagrange(quorum).items()) % R
    assert g1_words(multiply(G1, secret)) == numbers(generation["A"][0])
    assert words(g2_bytes(multiply(G2, secret))) == numbers(generation["Y"])
    assert keccak(b"".join(v.to_bytes(32, "big") for y in generation["Y_j"] for v in numbers(y))) == raw(
        generation["hash_Y"]
    )


def test_the_resharing_keeps_the_key() -> None:
    first, second = DKG["generations"]
    assert second["source"] == first["generation"] and second["Y"] == first["Y"]
    for i, deal in second["deals"].items():
        assert g1_words(multiply(G1, number(first["x"][i]))) == numbers(deal["C"][0])


def test_the_complaint_shows_what_was_dealt() -> None:
    complaint, generation = DKG["complaint"], DKG["generations"][0]
    where = (DKG["chain_id"], raw(DKG["committee"]), generation["generation"])
    dealer, index = complaint["dealer"], complaint["complainer"]
    ephemeral = numbers(generation["deals"][str(dealer)]["E"])
    key, shared = numbers(generation["registered"][str(index)]["K"]), numbers(complaint["Z"])
    c, s = number(complaint["c"]), number(complaint["s"])
    first = g1_words(add(multiply(G1, s), neg(multiply(g1(key), c))))
    second = g1_words(add(multiply(g1(ephemeral), s), neg(multiply(g1(shared), c))))
    said = (*where, dealer, index, *ephemeral, *key, *shared, *first, *second)
    assert challenge("unwrapped-dao/dkg-complaint/v1", *said) % R == c
    pad = challenge("unwrapped-dao/dkg-share/v1", *where, dealer, index, *ephemeral, *shared)
    assert number(complaint["share"]) ^ pad == number(complaint["decrypted"])
