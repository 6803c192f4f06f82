"""Which spellings are proposed as aliases, and which may be accepted."""

from dataclasses import replace
from typing import Final

import pytest

from models.messages.english import in_english
from serving.brands.policy import DEFAULT_ALIASES, LONGEST_ALIAS
from serving.brands.rules.alias_proposals import (
    CorrectedListing,
    ProposalRefusal,
    ProposalState,
    Spelling,
    Support,
    support_for,
    why_not_accepted,
    why_not_proposed,
)

ENOUGH: Final = Support(listings=3, sellers=2, people=1, others=0)
AURELE: Final = Spelling("aurele")


def corrected_listing(
    listing: int, *, brand: str | None = "brn_aurelle", seller: str | None = "s", by: str = "ines"
) -> CorrectedListing:
    return CorrectedListing(f"lst_{listing}", brand, seller, by)


def test_support_counts_listings_sellers_and_people_once() -> None:
    corrections = [
        corrected_listing(1, seller="a"),
        corrected_listing(2, seller="a", by="tomas"),
        corrected_listing(3, seller="b"),
        corrected_listing(4, seller=None),
        corrected_listing(5, brand="brn_marea"),
        corrected_listing(6, brand=None),
    ]
    assert support_for(corrections, "brn_aurelle") == Support(listings=4, sellers=2, people=2, others=2)
    assert support_for(corrections, "brn_aurelle", without={"ines"}) == Support(
        listings=1, sellers=1, people=1, others=2
    )


@pytest.mark.parametrize(
    ("spelling", "spelling_support", "expected", "reason"),
    [
        (AURELE, ENOUGH, None, "three listings of two sellers"),
        (AURELE, replace(ENOUGH, listings=2), ProposalRefusal.SUPPORT, "a listing short"),
        (AURELE, replace(ENOUGH, sellers=1), ProposalRefusal.SUPPORT, "the spelling of one seller"),
        (AURELE, replace(ENOUGH, listings=9, others=1), None, "nine of ten name this brand"),
        (AURELE, replace(ENOUGH, listings=8, others=1), ProposalRefusal.SUPPORT, "one in nine means another brand"),
        (replace(AURELE, taken=True), ENOUGH, ProposalRefusal.TAKEN, "a name that a registered brand has"),
        (replace(AURELE, obfuscated=True), ENOUGH, ProposalRefusal.OBFUSCATED, "the name with digits for letters"),
        (replace(AURELE, nameless=True), ENOUGH, ProposalRefusal.NAMELESS, "'no brand'"),
        (Spelling("au"), ENOUGH, ProposalRefusal.LENGTH, "two letters stand in too many words"),
        (Spelling("a" * DEFAULT_ALIASES.fewest_characters), ENOUGH, None, "the shortest"),
        (Spelling("a" * LONGEST_ALIAS), ENOUGH, None, "the longest"),
        (Spelling("a" * (LONGEST_ALIAS + 1)), ENOUGH, ProposalRefusal.LENGTH, "a sentence"),
        (replace(AURELE, state=ProposalState.PROPOSED), ENOUGH, ProposalRefusal.OPEN, "it waits for a decision"),
        (
            replace(AURELE, state=ProposalState.DISMISSED, supported_by=3),
            replace(ENOUGH, listings=5),
            ProposalRefusal.DECIDED,
            "dismissed, and not twice the support",
        ),
        (
            replace(AURELE, state=ProposalState.DISMISSED, supported_by=3),
            replace(ENOUGH, listings=6),
            None,
            "twice the support of the dismissal",
        ),
        (
            replace(AURELE, state=ProposalState.REMOVED, supported_by=3),
            replace(ENOUGH, listings=5),
            ProposalRefusal.DECIDED,
            "removed, and not twice the support",
        ),
    ],
)
def test_a_spelling_is_proposed_for_a_reason(
    spelling: Spelling, spelling_support: Support, expected: ProposalRefusal | None, reason: str
) -> None:
    assert why_not_proposed(spelling, spelling_support, DEFAULT_ALIASES) is expected, reason


@pytest.mark.parametrize(
    ("spelling", "independent", "aliases", "expected", "reason"),
    [
        (AURELE, ENOUGH, 0, None, "enough listings corrected by other people"),
        (AURELE, ENOUGH, DEFAULT_ALIASES.most_aliases - 1, None, "the last alias"),
        (AURELE, ENOUGH, DEFAULT_ALIASES.most_aliases, "alias.most", "one alias too many"),
        (AURELE, replace(ENOUGH, listings=2), 0, "alias.support", "the rest are the manager's own corrections"),
        (replace(AURELE, taken=True), ENOUGH, 0, "alias.taken", "another brand has the name by now"),
        (replace(AURELE, nameless=True), ENOUGH, 0, "alias.taken", "it names nobody"),
        (replace(AURELE, obfuscated=True), ENOUGH, 0, "alias.taken", "a brand with this name joined"),
    ],
)
def test_an_alias_is_accepted_for_a_reason(
    spelling: Spelling, independent: Support, aliases: int, expected: str | None, reason: str
) -> None:
    refusal = why_not_accepted(spelling, independent, aliases, DEFAULT_ALIASES)
    assert (refusal.code if refusal else None) == expected, reason
    assert refusal is None or in_english(refusal).endswith(".")
