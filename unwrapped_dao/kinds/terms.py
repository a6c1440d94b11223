"""The base terms that the shipped scopes share. The exact bytes are hashed into the scope's id: a new wording is a
new version."""

from __future__ import annotations


def base_terms(scope: str, version: int) -> str:
    """The terms text of a scope, five numbered paragraphs and a heading."""
    return f"""\
unwrapped-dao base terms, scope {scope}, version {version}

1. The buyer may use these rows for the purposes named in the offer that the members approved,
   and for no other.
2. The buyer does not try to find out who a row is about, does not join the rows with other data
   to that end, and does not contact anybody on their account.
3. The buyer does not pass the rows or any key on. Results from which no row can be rebuilt
   (a trained model, a statistic) may be published.
4. Whoever learns that a row points to a person says so to the collective and deletes that row.
5. The rows come as they are. Members agreed to these terms and to the purposes of this scope,
   and to nothing else.
"""
