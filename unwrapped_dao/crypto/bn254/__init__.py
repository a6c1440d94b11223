"""BN254 (EIP-196, EIP-197): points, pairing, hash to curve.

Neither library runs in constant time: do not let strangers time what you compute with a secret.
"""

from ..field import P, R
from .backend import BackendChoice, BackendName, backend_name, select_backend
from .hash_to_curve import hash_hints, hash_to_field, hash_to_g1, map_to_g1
from .points import (
    G1_INFINITY,
    G2_INFINITY,
    MINUS_P2,
    P1,
    P2,
    G1Point,
    G2Point,
    pairing,
    pairing_product_is_one,
    pairings,
)

__all__ = [
    "G1_INFINITY",
    "G2_INFINITY",
    "MINUS_P2",
    "P1",
    "P2",
    "BackendChoice",
    "BackendName",
    "G1Point",
    "G2Point",
    "P",
    "R",
    "backend_name",
    "hash_hints",
    "hash_to_field",
    "hash_to_g1",
    "map_to_g1",
    "pairing",
    "pairing_product_is_one",
    "pairings",
    "select_backend",
]
