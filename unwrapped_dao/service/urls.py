"""Where a service is: URLs that somebody typed."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from ..errors import InputError


def parse(given: str, whose: str = "validator") -> SplitResult:
    """An http or https URL without query and fragment. Raises InputError."""
    try:
        parts = urlsplit(given)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise InputError(
            f"{given!r} is no {whose}'s URL.",
            hint=f"Give URLs such as https://{whose}.example or http://10.0.0.7:8420.",
        )
    return parts._replace(query="", fragment="")


def shown(url: SplitResult) -> str:
    """Without a user part."""
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{host}{port}{url.path.rstrip('/')}"
