"""A custodian: holds a share of the committee key, keeps epochs openable, delivers approved sales."""

from .ceremony import Stand
from .daemon import Daemon, News
from .finality import Finality
from .role import Custodian
from .seats import share_name
from .serving import NODES_PER_CALL, Deed, Outcome
from .watching import BadShare

__all__ = [
    "NODES_PER_CALL",
    "BadShare",
    "Custodian",
    "Daemon",
    "Deed",
    "Finality",
    "News",
    "Outcome",
    "Stand",
    "share_name",
]
