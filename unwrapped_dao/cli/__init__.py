"""`unwrapped-dao <noun> <verb>`: parse, call a role, print. `main` is what the installed command runs.

Exit codes: 0 done; 1 no (something differs, or a mistake of this program); 2 fix what you gave; 3 try again, nothing is
lost; 4 do not trust this data; 5 the rules say no; 130 stopped by Ctrl-C.

Heavy imports stand inside commands: `--help` must answer at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and end the process with its exit code."""
    from .running import run

    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))
