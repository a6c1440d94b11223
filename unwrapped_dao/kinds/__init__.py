"""Kinds of personal data: `get("music")`, `names()`, and `scope("artist-preferences")`, found without
importing them all.

A kind that ships with the package is a folder here whose `KIND` is its `Kind` object; the folder is called as the kind
is, with `_` for `-`. One from outside registers an entry point in the group `unwrapped_dao.kinds` whose value is its
`Kind` object; the entry point's name must be the kind's name (examples/kind-electricity is one). A name shipped with
the package cannot be replaced.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from ..errors import InputError, NotFoundError, NothingToReadError
from .helpdesk import Service
from .imports import Imported, ImportSummary, Ledger
from .preview import Preview, preview
from .protocols import Insights, Kind, RecordsSummary, Scope, Source, WrittenInsights

ENTRY_POINT_GROUP = "unwrapped_dao.kinds"
_SHIPPED = {found.name.replace("_", "-"): found.name for found in iter_modules(__path__) if found.ispkg}

__all__ = [
    "ImportSummary",
    "Imported",
    "Insights",
    "Kind",
    "Preview",
    "RecordsSummary",
    "Scope",
    "Service",
    "Source",
    "WrittenInsights",
    "get",
    "insights",
    "names",
    "preview",
    "read",
    "scope",
    "scope_of",
    "scopes",
    "service",
    "services",
]


def names() -> tuple[str, ...]:
    """The names of all kinds that can be had here, the shipped ones first."""
    outside = sorted({point.name for point in entry_points(group=ENTRY_POINT_GROUP)} - set(_SHIPPED))
    return (*_SHIPPED, *outside)


def get(name: str) -> Kind:
    """The kind of that name. Raises `NotFoundError` if there is none, `InputError` if its package is broken."""
    if name in _SHIPPED:
        found: Any = import_module(f"{__name__}.{_SHIPPED[name]}").KIND
    else:
        points = [point for point in entry_points(group=ENTRY_POINT_GROUP) if point.name == name]
        if not points:
            raise NotFoundError(f"There is no kind {name!r}; there are {', '.join(names())}.")
        try:
            found = points[0].load()
        except Exception as error:
            raise InputError(f"The package that brings the kind {name!r} cannot be loaded.") from error
    if not isinstance(found, Kind) or found.name != name:
        raise InputError(f"The package that brings the kind {name!r} does not offer a kind of that name.")
    return found


def read(name: str, exports: Sequence[str | os.PathLike[str]]) -> Imported[Any]:
    """One import of several exports of one person.

    An export that holds nothing of the kind, as the second part of a download often does, is named in the account; it
    is an error if all are like that. Raises `NotFoundError`, `InputError`, `ExportError`.
    """
    kind = get(name)
    imported: list[Imported[Any]] = []
    without = Ledger()
    nothing: NothingToReadError | None = None
    for export in exports:
        try:
            imported.append(kind.read(export))
        except NothingToReadError as error:
            nothing = nothing or error
            without.fail(Path(export).name, error)
    if not imported:
        raise nothing or InputError("No export was given.", hint="Give the zip or folder that the service sent.")
    whole = imported[0] if len(imported) == 1 else kind.merge(imported)
    return replace(whole, summary=replace(whole.summary, ignored=(*whole.summary.ignored, *without.ignored)))


def insights(name: str) -> Insights:
    """The insights of the kind of that name. Raises `NotFoundError` if there is no such kind or it has none."""
    found = getattr(get(name), "insights", None)
    if not isinstance(found, Insights):
        raise NotFoundError(f"The kind {name!r} has no insights.", hint="Its scopes and checks work without them.")
    return found


def services() -> dict[str, Service]:
    """Every service that the kinds here know how to ask for an export, by name."""
    found: dict[str, Service] = {}
    for name in names():
        try:
            found |= {service.name: service for service in getattr(get(name), "services", ())}
        except InputError:
            continue
    return found


def service(name: str) -> Service:
    """The service of that name, however it is written (`Apple Music`, `apple-music`). Raises `NotFoundError`."""

    def plain(text: str) -> str:
        return "".join(c for c in text.casefold() if c.isalnum())

    known = services()
    found = next((one for one in known.values() if plain(name) in (plain(one.name), plain(one.title))), None)
    if found is None:
        raise NotFoundError(f"There is no help for {name[:60]!r}.", hint=f"There is for {', '.join(known)}.")
    return found


def scopes() -> dict[str, Scope]:
    """Every scope of every kind that can be had here, by name."""
    return {found.name: found for found in _each_scope()}


def scope_of(scope_id: bytes) -> Scope | None:
    """The scope with this id, None if no kind here has it."""
    return next((found for found in _each_scope() if found.scope_id == scope_id), None)


def scope(name: str) -> Scope:
    """The scope of that name, of whichever kind. Raises `NotFoundError` if no kind has it.

    A kind from outside that cannot be loaded hides no other kind's scope; it is named when nothing is found.
    """
    broken = []
    for kind_name in names():
        try:
            found = get(kind_name).scopes.get(name)
        except InputError:
            broken.append(kind_name)
            continue
        if found is not None:
            return found
    also = f" ({', '.join(broken)} cannot be loaded)" if broken else ""
    raise NotFoundError(f"There is no scope {name!r} in the kinds {', '.join(names())}{also}.")


def _each_scope() -> Iterator[Scope]:
    """Kind by kind; a broken package of somebody else's hides no other kind."""
    for name in names():
        try:
            yield from get(name).scopes.values()
        except InputError:
            continue
