"""Check that a delivered key is the right one, as the contract does: `python verify_a_delivery.py [FILE]`.

FILE is JSON with points as 0x-hex: the node's id, the committee's key Y, the buyer's key B1 and B2, the delivery C1 and
C2. It passes if e(C2, -P2) * e(H(id), Y) * e(C1, B2) = 1. Nobody's secret is needed to check that.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from unwrapped_dao.crypto.bn254 import G1Point, G2Point
from unwrapped_dao.crypto.delivery import BuyerKey, NodeDelivery
from unwrapped_dao.errors import DeliveryError, PointError

EXAMPLE = Path(__file__).with_name("a_delivery.json")


def main(arguments: list[str]) -> int:
    given = json.loads((Path(arguments[0]) if arguments else EXAMPLE).read_text())
    found = {name: bytes.fromhex(text.removeprefix("0x")) for name, text in given.items()}
    try:
        buyer = BuyerKey(G1Point.from_bytes(found["B1"]), G2Point.from_bytes(found["B2"]))
        delivery = NodeDelivery(G1Point.from_bytes(found["C1"]), G1Point.from_bytes(found["C2"]))
        delivery.verify(G2Point.from_bytes(found["Y"]), found["node_id"], buyer)
    except (DeliveryError, PointError) as wrong:
        print(f"refused: {wrong.message}")
        return 1
    print("accepted: this is the key of that node, for this buyer alone")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
