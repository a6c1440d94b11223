"""unwrapped-dao: a toolkit for data collectives. The public names, loaded when they are used.

`local()` is a whole collective in this process; `samples` are exports to try it with; `kinds` read a member's own.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import errors as errors
    from . import kinds as kinds
    from . import samples as samples
    from .app.in_process import LocalCollective as LocalCollective
    from .app.in_process import local as local

__version__ = "0.1.0"
__all__ = ["LocalCollective", "errors", "kinds", "local", "samples"]

_HOMES = {"local": "app.in_process", "LocalCollective": "app.in_process"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name)
    try:
        return getattr(import_module(f".{home}", __name__), name) if home else import_module(f".{name}", __name__)
    except ModuleNotFoundError as missing:
        from .errors import missing_package

        if (problem := missing_package(missing)) is None:
            raise
        raise problem from missing


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
