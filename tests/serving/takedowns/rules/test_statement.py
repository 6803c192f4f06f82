import itertools
from dataclasses import replace
from typing import Any

import pytest

from models.messages.english import fields_in_english, in_english
from models.verdict import ReasonCode, Side
from serving.takedowns.rules.public_statement import Source, public_statement
from serving.takedowns.rules.statement import (
    Discovery,
    OverturnCause,
    ProtectedMark,
    Statement,
    amended_statement,
    reinstatement_statement,
    removal_statement,
)
from tests.serving.takedowns.rules.test_public_statement import PROFILE, RESTRICTION


def a_removal(**changes: Any) -> Statement:
    settings: dict[str, Any] = {
        "owned": ProtectedMark("Aurelle"),
        "reason_code": ReasonCode.TRADEMARK_COUNTERFEIT,
        "side": Side.BRAND,
        "discovery": Discovery.REPORTED,
        "examined": False,
        "bought": False,
        "aided": True,
        "source": Source.VOLUNTARY,
        "sold_in": ("DE", "FR"),
    }
    return removal_statement(**{**settings, **changes})


REMOVALS = [
    a_removal(
        owned=owned,
        reason_code=code,
        side=side,
        discovery=found_by,
        examined=examined,
        bought=bought,
        aided=aided,
        source=source,
        sold_in=sold,
    )
    for owned, code, side, found_by, examined, bought, aided, source, sold in itertools.product(
        (ProtectedMark("Aurelle"), ProtectedMark("Vela", "Vela AG")),
        ReasonCode,
        Side,
        Discovery,
        (True, False),
        (True, False),
        (True, False),
        Source,
        ((), ("EU",)),
    )
]
EVERY = [*REMOVALS, *(make(why) for make in (reinstatement_statement, amended_statement) for why in OverturnCause)]


def parts(statement: Statement) -> list[str]:
    return [part for part in fields_in_english(statement).values() if part is not None]


def text(statement: Statement) -> str:
    return " ".join(parts(statement))


def test_no_statement_names_a_score_a_model_or_a_person() -> None:
    """A seller must not learn how to pass the model, or whom to put under pressure."""
    forbidden = ("score", "probab", "threshold", "points", "%", "model", "usr_", "@")
    assert [(word, statement) for statement in EVERY for word in forbidden if word in text(statement).lower()] == []


def test_every_part_of_a_statement_is_a_sentence() -> None:
    every = {part for statement in EVERY for part in parts(statement)}
    assert [part for part in every if not (part.endswith(".") and part[0].isupper())] == []


def test_a_removal_by_the_brand_reads() -> None:
    """Every field that Article 17(3) requires, word by word."""
    assert fields_in_english(a_removal()) == {
        "decision": "The listing is removed.",
        "territory": "The removal applies wherever the marketplace sells: Germany and France.",
        "duration": "The removal has no end date. It ends if it is undone after a counter-notice or an appeal, or "
        "by a court or settlement body.",
        "facts": "The rights holder Aurelle reported this listing and declared in good faith: The "
        "goods bear a trade mark but are not goods of its owner.",
        "source": "The marketplace acted on its own initiative, not because of a notice.",
        "automated_means": "The rights holder found the listing. The decision rests on the declaration of a person who "
        "acts for the rights holder.",
        "legal_ground": "The law, not the terms of the marketplace: Article 9 of Regulation (EU) 2017/1001 (EU "
        "trade marks), or national law under Article 10 of Directive (EU) 2015/2436 (national trade marks).",
        "ground": "The goods bear a trade mark but are not goods of its owner.",
        "right": "The decision protects the mark Aurelle. Its owner is registered with the marketplace as Aurelle.",
        "redress": "You can appeal to the marketplace within six months of being told, free of charge. A person who "
        "did not make this decision will review the appeal. You can also turn to an out-of-court dispute settlement "
        "body or to a court.",
    }


def test_a_removal_for_a_mark_that_is_not_registered_names_the_mark_and_its_owner() -> None:
    assert fields_in_english(a_removal(owned=ProtectedMark("Vela Nord", "Vela Nordsee AG"), side=Side.ANALYST))[
        "right"
    ] == ("The decision protects the mark “Vela Nord”. Its owner is Vela Nordsee AG.")


def test_a_removal_leaves_no_field_out() -> None:
    assert [statement for statement in REMOVALS if None in fields_in_english(statement).values()] == []


@pytest.mark.parametrize(
    ("code", "right"),
    [
        (ReasonCode.DESIGN, "The decision protects a right of Aurelle."),
        (ReasonCode.COPYRIGHT, "The decision protects a right of Aurelle."),
        (ReasonCode.NOT_AS_DESCRIBED, "The goods are sold under the mark Aurelle."),
    ],
)
def test_a_removal_for_another_ground_claims_no_mark(code: ReasonCode, right: str) -> None:
    assert fields_in_english(a_removal(reason_code=code))["right"] == right


def test_the_source_distinguishes_notices_from_own_initiative_and_names_nobody() -> None:
    payload = {source: str(fields_in_english(a_removal(source=source))["source"]) for source in Source}
    assert "own initiative" in payload.pop(Source.VOLUNTARY)
    assert payload.pop(Source.TRUSTED_FLAGGER) == "A trusted flagger notified the marketplace of the listing."
    assert set(payload.values()) == {"The marketplace received a notice about the listing."}


@pytest.mark.parametrize("code", ReasonCode)
def test_the_seller_and_the_public_database_get_the_same_law(code: ReasonCode) -> None:
    legal_ground = fields_in_english(a_removal(reason_code=code))["legal_ground"]
    law = public_statement(replace(RESTRICTION, reason_code=code), PROFILE)["illegal_content_legal_ground"]
    assert legal_ground == f"The law, not the terms of the marketplace: {law}."


def test_without_a_declared_sales_territory_no_country_is_named() -> None:
    sentence = fields_in_english(a_removal(sold_in=()))
    assert sentence["territory"] == "The removal applies wherever the marketplace sells."


def test_a_removal_by_an_analyst_does_not_name_the_brand_as_its_judge() -> None:
    by_analyst = a_removal(reason_code=ReasonCode.DESIGN, side=Side.ANALYST, discovery=Discovery.RANDOM)
    assert in_english(by_analyst.facts) == (
        "An analyst of the marketplace examined the listing and found: The goods copy a protected design."
    )


BY_ANALYST = {"side": Side.ANALYST}
MEANS: list[tuple[dict[str, Any], str, str]] = [
    ({}, "The rights holder Aurelle reported this listing", "holder found the"),
    ({"discovery": Discovery.AUTOMATED}, "The marketplace asked the rights holder Aurelle", "Automated means of the"),
    ({"discovery": Discovery.RANDOM}, "The marketplace asked the rights holder", "part of a random check"),
    (
        {"discovery": Discovery.RANDOM},
        "The marketplace asked",
        "who acts for the rights holder and saw automated findings",
    ),
    ({**BY_ANALYST, "discovery": Discovery.NOTIFIED}, "An analyst of the marketplace examined", "received a notice"),
    ({**BY_ANALYST, "discovery": Discovery.CHOSEN}, "An analyst of the marketplace examined", "An analyst of the"),
    (BY_ANALYST, "An analyst of the marketplace examined", "who saw an automated assessment of the listing, made"),
    ({**BY_ANALYST, "aided": False}, "An analyst of the marketplace examined", "without an automated assessment."),
    ({**BY_ANALYST, "bought": True}, "The rights holder Aurelle bought the goods", "A person of the marketplace"),
    ({**BY_ANALYST, "bought": True, "examined": True}, "The goods were bought and examined.", "A person of the"),
]


@pytest.mark.parametrize(("changes", "facts", "means"), MEANS)
def test_a_statement_says_who_found_what_by_which_means_and_who_saw_what(
    changes: dict[str, Any], facts: str, means: str
) -> None:
    statement = a_removal(**changes)
    assert in_english(statement.facts).startswith(facts)
    assert means in in_english(statement.automated_means)


def test_a_statement_about_a_reported_listing_names_no_examination() -> None:
    assert "examined" not in text(a_removal())


def test_a_removal_that_no_automated_means_selected_does_not_mention_them() -> None:
    assert "Automated means" not in text(
        a_removal(owned=ProtectedMark("Vela", "Vela AG"), side=Side.ANALYST, discovery=Discovery.CHOSEN)
    )


def test_a_removal_says_how_to_appeal_and_that_it_is_free() -> None:
    assert all(
        "appeal" in statement and "free of charge" in statement
        for statement in (in_english(statement.redress) for statement in REMOVALS)
    )


def test_every_ground_has_words_of_its_own() -> None:
    assert len({in_english(statement.ground) for statement in REMOVALS}) == len(ReasonCode)


@pytest.mark.parametrize("why", OverturnCause)
def test_a_reinstatement_reads(why: OverturnCause) -> None:
    assert in_english(reinstatement_statement(why).decision) == "The listing is reinstated."


def test_a_missed_deadline_is_not_called_a_persons_decision() -> None:
    assert "person made the decision" not in in_english(reinstatement_statement(OverturnCause.SILENCE).automated_means)
    assert "Nobody decided about the goods" in in_english(amended_statement(OverturnCause.SILENCE).automated_means)
