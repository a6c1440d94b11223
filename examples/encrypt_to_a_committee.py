"""Encrypt a file so that any 3 of 5 key keepers together can open it.

    python encrypt_to_a_committee.py [FILE [SEALED]]

Here one process plays everybody. In a collective the five keys come from a key generation without a dealer, and the
pieces of a node key reach a buyer encrypted.
"""

from __future__ import annotations

import io
import sys
from itertools import combinations
from pathlib import Path

from unwrapped_dao.crypto import envelope, shamir
from unwrapped_dao.crypto.committee import CommitteeKey, sign_node, split_secret
from unwrapped_dao.crypto.envelope import EnvelopeContext
from unwrapped_dao.crypto.keys import NodeKey, SecretScalar
from unwrapped_dao.crypto.tree import Node, PoolId

THRESHOLD, KEEPERS = 3, 5
TREE_HEIGHT = 4  # room for 16 members


def main(arguments: list[str]) -> None:
    content = Path(arguments[0]).read_bytes() if arguments else b"a secret of member number 2"
    committee = SecretScalar.generate()
    shares = split_secret(committee, THRESHOLD, KEEPERS)
    key = CommitteeKey.of(committee).Y

    # Who the file belongs to is bound into every key: chain, registry, scope, epoch, member number.
    pool = PoolId.of(1337, "0x" + "11" * 20, bytes(32), 1)
    context = EnvelopeContext(pool=pool, member_number=2, tree_height=TREE_HEIGHT)
    sealed = io.BytesIO()
    envelope.seal(content, sealed, context=context, committee_key=key)
    print(f"{len(content)} bytes became {len(sealed.getvalue())}")
    if len(arguments) > 1:
        Path(arguments[1]).write_bytes(sealed.getvalue())

    root = Node(TREE_HEIGHT, 0)
    pieces = {number: sign_node(share, pool, root).to_secret_point() for number, share in shares.items()}
    for chosen in combinations(pieces, THRESHOLD):
        point = shamir.combine_points({number: pieces[number] for number in chosen})
        opened = io.BytesIO()
        envelope.open(sealed.getvalue(), opened, NodeKey(pool, root, point, key), expected=context)
        assert opened.getvalue() == content
        print(f"opened by key keepers {', '.join(map(str, chosen))}")


if __name__ == "__main__":
    main(sys.argv[1:])
