"""Loads py-evm without the precompiles of a fork that this chain does not have.

py-evm imports every fork at once, and Prague's BLS12-381 precompiles compute their pairing tables while they are
imported: a third of a second for each command, on a chain that is pinned to Shanghai. Until one of them is called, a
module stands in for them; whoever else uses py-evm in this process gets the real ones then.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

_NAME = "eth.precompiles.bls12_381"


class _Later(ModuleType):
    """Gives each function that is asked for as one that loads the real module when it is called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _later(name)


def _later(name: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if isinstance(sys.modules.get(_NAME), _Later):
            del sys.modules[_NAME]
        return getattr(import_module(_NAME), name)(*args, **kwargs)

    return call


if _NAME not in sys.modules:
    sys.modules[_NAME] = _Later(_NAME)
