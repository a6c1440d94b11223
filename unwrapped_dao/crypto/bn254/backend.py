"""Who does the curve arithmetic: zksnake's native code when it is there, py_ecc otherwise.

The native library must reproduce a known pairing before it is used once; if it does not, py_ecc takes over and a
warning says so. Not here: reading the setting; whoever holds the settings calls `select_backend`.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol, cast, get_args

from ...errors import SettingsError

if TYPE_CHECKING:
    from .points import G1Point, G2Point

BackendName = Literal["native", "reference"]
BackendChoice = Literal["auto", "native", "reference"]

_log = logging.getLogger(__name__)
_current: Backend | None = None

#: SHA-256 of e(P1, P2) in the 384-byte encoding (`suite.gt_P1_P2` of key-delivery.json).
_GT_P1_P2_SHA256 = "a0ffc0e668848ab9dc71bdd8266d647a346d814b9d2bcfc710c426ffdfd3922c"


#: A point of the twist outside the subgroup of order r ("B2 not in subgroup" of the same file).
_OFF_SUBGROUP = (
    0x0000000000000000000000000000000000000000000000000000000000000000,
    0x0000000000000000000000000000000000000000000000000000000000000001,
    0x0D1271953ED9EA0836846E70A1934187998C7F790CB4D7511B7F8DA82DE048A4,
    0x2869111D5381F072F8E2728FDB825A51AADD70E52C9830E9AB4B871C0531F1BB,
)


class Backend(Protocol):
    """What a curve library must offer. Points come in valid; scalars are reduced mod r."""

    name: BackendName

    def g1_add(self, a: G1Point, b: G1Point) -> G1Point: ...
    def g1_mul(self, a: G1Point, scalar: int) -> G1Point: ...
    def g2_add(self, a: G2Point, b: G2Point) -> G2Point: ...
    def g2_mul(self, a: G2Point, scalar: int) -> G2Point: ...
    def g2_in_subgroup(self, a: G2Point) -> bool: ...
    def pairings(self, points: Sequence[G1Point], q: G2Point) -> list[bytes]: ...
    def pairing_product_is_one(self, pairs: Sequence[tuple[G1Point, G2Point]]) -> bool: ...


def _load(name: BackendName) -> Backend:
    module = importlib.import_module(f"unwrapped_dao.crypto.bn254.{name}")
    return cast(Backend, module.BACKEND)


def _native_problem() -> str | None:
    """Why the native library cannot be used, or None if it reproduced what is known."""
    try:
        return _wrong_answer(_load("native"))
    except ImportError as error:
        return f"it is not installed ({error.name or error})"
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return f"its interface is not the expected one ({type(error).__name__})"


def _wrong_answer(library: Backend) -> str | None:
    """The first question that the library answers wrongly: pairing, arithmetic, membership in the subgroup."""
    points = importlib.import_module("unwrapped_dao.crypto.bn254.points")
    p1, p2 = points.P1, points.P2
    if hashlib.sha256(library.pairings([p1], p2)[0]).hexdigest() != _GT_P1_P2_SHA256:
        return "its pairing of the generators is not the known value"
    six = (library.g1_mul(p1, 6), points.MINUS_P2)
    if not library.pairing_product_is_one([six, (library.g1_add(p1, p1), library.g2_mul(p2, 3))]):
        return "its pairing is not bilinear"
    if library.pairing_product_is_one([six]) or library.g2_in_subgroup(points.G2Point.trusted(_OFF_SUBGROUP)):
        return "it accepts what is wrong"
    return None


def select_backend(choice: BackendChoice = "auto") -> BackendName:
    """Choose the curve library for this process; returns the one in use.

    "auto" prefers the native library. Raises SettingsError for an unknown name, or for "native" when it cannot be used.
    """
    global _current
    if choice not in get_args(BackendChoice):
        raise SettingsError(f"There is no curve backend named {choice!r}.", hint="Use auto, native or reference.")
    problem = None if choice == "reference" else _native_problem()
    if problem and choice == "native":
        raise SettingsError(
            f"The native curve library cannot be used: {problem}.",
            hint="Install `zksnake`, or choose the reference backend (about 300 times slower).",
        )
    if problem:
        level = logging.INFO if problem.startswith("it is not installed") else logging.WARNING
        _log.log(level, "zksnake is not used: %s; py_ecc does the curve arithmetic, slowly", problem)
    _current = _load("reference" if choice == "reference" or problem else "native")
    return _current.name


def current() -> Backend:
    """The curve library in use, chosen at first need."""
    if _current is None:
        select_backend()
    assert _current is not None
    return _current


def backend_name() -> BackendName:
    """Which library does the curve arithmetic in this process."""
    return current().name
