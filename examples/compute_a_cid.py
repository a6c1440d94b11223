"""Name a file as IPFS would, in constant memory and without a node: `python compute_a_cid.py [FILE]`.

The same as `ipfs add --only-hash --cid-version=1 --raw-leaves --chunker=size-1048576 FILE`.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from unwrapped_dao.storage.cid import cid_of


def main(arguments: list[str]) -> None:
    with Path(arguments[0]).open("rb") if arguments else io.BytesIO(b"hello") as file:
        print(cid_of(file))


if __name__ == "__main__":
    main(sys.argv[1:])
