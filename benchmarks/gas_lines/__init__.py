"""The lines that `make gas` measures, one module for each subject.

To add some: write a module with `LINES` (name -> Line) and `measure(client, funded)` -> gas by name, and put it into
MODULES. Each module is measured on fresh nodes, with fixed random numbers and one second a block, so that no module
changes the figures of another; `funded` is an account with ether and a random key, so deploy from `world.deployer`.
Everything else must be fixed: keys, labels, expiries from the chain's clock. Each call stands in a second of its own
(calls in one second share checkpoints, which would hide 22,000 gas); say *first* or *steady* in the meaning.

`make gas ONLY=sale UPDATE=1` measures one module and writes its lines only.
"""

from benchmarks.gas_lines import batches, committee, cover, sale
from benchmarks.gas_lines.line import Line, Lines

MODULES: dict[str, Lines] = {"sale": sale, "batches": batches, "cover": cover, "committee": committee}
"""In the order of the page."""

ALL_LINES: dict[str, Line] = {name: line for module in MODULES.values() for name, line in module.LINES.items()}
