"""Contract errors in plain words."""

from __future__ import annotations

from string import Formatter

import pytest

from unwrapped_dao.chain import artifacts
from unwrapped_dao.chain.plain_words import _WORDS, known, plain_words

ERRORS = {
    entry["name"]: [field["name"] for field in entry["inputs"]]
    for name in artifacts.names()
    for entry in artifacts.load(name).abi
    if entry["type"] == "error"
}


@pytest.mark.parametrize("name", sorted(known()))
def test_every_sentence_is_of_a_shipped_error_and_uses_its_facts_only(name: str) -> None:
    assert name in ERRORS, f"no shipped contract has the error {name}"
    facts = {fact.rstrip("_") for fact in ERRORS[name]}
    used = {field for text in _WORDS[name] for _, field, _, _ in Formatter().parse(text) if field}
    assert used <= facts


@pytest.mark.parametrize("name", sorted(known()))
def test_sentences_end_like_sentences_and_advise(name: str) -> None:
    sentence, advice = plain_words(name, dict.fromkeys(ERRORS[name], 1)) or ("", "")
    assert sentence.endswith(".") and advice.endswith((".", "`."))
    assert "{" not in sentence + advice


def test_states_are_told_by_name() -> None:
    sentence, _ = plain_words("SaleStateWrong", {"saleId": b"\1" * 32, "have": 3, "needed": 2}) or ("", "")
    assert sentence == "The sale is settled, and this is possible only while it is approved."


def test_an_error_of_programmers_is_told_by_name() -> None:
    assert plain_words("HashHintInvalid", {}) is None
