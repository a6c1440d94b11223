"""The composition root: settings become wired roles. `open_app(settings)` is what every command runs on.

Not here: a whole collective in one process (in_process.py).
"""

from .opening import open_app
from .wiring import App, require_embedded

__all__ = ["App", "open_app", "require_embedded"]
