import dataclasses
import itertools

import pytest

from models.statement import Statement, Undone, amended_statement, reinstatement_statement, removal_statement
from models.verdict import ReasonCode, Side

REMOVALS = [
    removal_statement(brand_name=name, reason_code=code, side=side, was_flagged=flagged)
    for name, code, side, flagged in itertools.product(("Aurelle", None), ReasonCode, Side, (True, False))
]
EVERY = [*REMOVALS, *(made(why) for made in (reinstatement_statement, amended_statement) for why in Undone)]


def text(statement: Statement) -> str:
    return " ".join(dataclasses.astuple(statement))


@pytest.mark.parametrize("statement", EVERY, ids=range(len(EVERY)))
def test_no_statement_names_a_score_a_model_or_a_person(statement: Statement) -> None:
    """What a seller is told must not teach how to pass the model, nor whom to press."""
    forbidden = ("score", "probab", "threshold", "points", "%", "model", "usr_", "@", "report")
    assert [word for word in forbidden if word in text(statement).lower()] == []


@pytest.mark.parametrize("statement", EVERY, ids=range(len(EVERY)))
def test_every_part_of_a_statement_is_a_sentence(statement: Statement) -> None:
    assert all(part.endswith(".") and part[0].isupper() for part in dataclasses.astuple(statement))


def test_a_removal_by_the_brand_reads() -> None:
    found = removal_statement(
        brand_name="Aurelle", reason_code=ReasonCode.TRADEMARK_COUNTERFEIT, side=Side.BRAND, was_flagged=True
    )
    assert (found.decision, found.ground, found.facts, found.automated_means) == (
        "The offer is removed.",
        "The goods bear a trade mark without being goods of its owner.",
        "The rights holder Aurelle examined the offer and found that the goods are not genuine.",
        "The offer was found by an automated classifier and looked at by a person; the decision was taken by a person.",
    )


def test_a_removal_by_an_analyst_does_not_name_the_brand_as_its_judge() -> None:
    found = removal_statement(brand_name="Aurelle", reason_code=ReasonCode.DESIGN, side=Side.ANALYST, was_flagged=False)
    assert found.facts == "A trained analyst examined the offer and found that the goods are not genuine."


def test_what_no_classifier_found_is_not_said_to_be_found_by_one() -> None:
    found = removal_statement(brand_name=None, reason_code=ReasonCode.DESIGN, side=Side.ANALYST, was_flagged=False)
    assert "classifier" not in text(found)


def test_a_removal_says_how_to_appeal_and_that_it_is_free() -> None:
    assert all("appeal" in one.redress and "free of charge" in one.redress for one in REMOVALS)


def test_every_ground_has_words_of_its_own() -> None:
    assert len({one.ground for one in REMOVALS}) == len(ReasonCode)


@pytest.mark.parametrize("why", Undone)
def test_a_reinstatement_reads(why: Undone) -> None:
    assert reinstatement_statement(why).decision == "The offer is shown again."


def test_silence_is_not_said_to_be_a_persons_decision() -> None:
    assert "decision was taken by a person" not in reinstatement_statement(Undone.SILENCE).automated_means
    assert "no goods were judged" in amended_statement(Undone.SILENCE).automated_means
