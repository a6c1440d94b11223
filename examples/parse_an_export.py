"""Read a listening export and show what a buyer would see of it: `python parse_an_export.py [EXPORT] [SCOPE]`.

EXPORT is the zip or folder exactly as the service sent it; without one, an invented export is read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from unwrapped_dao import kinds, samples
from unwrapped_dao.kinds.preview import preview


@contextmanager
def export(arguments: list[str]) -> Iterator[str]:
    if arguments:
        yield arguments[0]
    else:
        with samples.exports(1, seed=7) as made:
            yield str(made[0].path)


def main(arguments: list[str]) -> None:
    scope = kinds.scope(arguments[1] if len(arguments) > 1 else "artist-preferences")
    with export(arguments) as path:
        imported = kinds.read("music", [path])
        for line in preview(kinds.get("music"), imported, scope).lines(show=5):
            print(line)


if __name__ == "__main__":
    main(sys.argv[1:])
