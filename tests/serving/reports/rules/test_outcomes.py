"""The outcome of a reported listing: one rule, a reason for each row."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.message import message
from models.case import BLIND_LANES, CaseLane
from models.errors import Invalid
from models.messages.english import in_english
from serving.reports.policy import DEFAULT_REPORTS
from serving.reports.rules.outcomes import AT_FIRST, Code, Found, Owner, Result, counted, named, what_happens
from serving.review.rules.doubt import Doubt
from serving.standing.rules.standing import Effect
from serving.takedowns.rules.bursts import Hold, HoldCause

FULL = Effect(True, Decimal(0), message("effect.full"))
PROVISIONAL = Effect(True, Decimal("0.1"), message("effect.provisional"))
USED = Effect(False, Decimal(0), message("effect.capped.used", n=20))
SUSPENDED = Effect(False, Decimal(0), message("effect.suspended"))
BURST = (Hold(HoldCause.USER_BURST, message("hold.user_burst", n=20)),)
OWN = Found(Owner.OWN)
REVERSED = replace(OWN, doubt=Doubt.REINSTATED_BEFORE)
UNCLEAR = Found(Owner.UNRESOLVED, doubt=Doubt.BRAND_UNRESOLVED)


@pytest.mark.parametrize("holds", [(), BURST], ids=["scheduled", "pending approval"])
def test_a_removal_of_goods_that_may_be_legitimate_comes_with_a_warning(holds: tuple[Hold, ...]) -> None:
    told = what_happens(replace(OWN, honest_uses=("compatible with",)), FULL, holds)
    assert told.reasons[-1] == message("report.honest_use", words=("compatible with",))
    assert told.reasons[:-1] == what_happens(OWN, FULL, holds).reasons


@pytest.mark.parametrize(
    ("found", "effect", "holds", "result", "code", "why"),
    [
        (OWN, FULL, (), Result.SCHEDULED, Code.REMOVED_AT_ONCE, "good faith: no further correspondence"),
        (OWN, PROVISIONAL, (), Result.SCHEDULED, Code.REMOVED_AT_ONCE, "the same; the sample is drawn unseen"),
        (OWN, FULL, BURST, Result.PENDING_APPROVAL, Code.PENDING_APPROVAL, "a stolen session sends twenty at most"),
        (OWN, USED, (), Result.CASE, Code.STANDING, "the quota of the day is used"),
        (OWN, USED, BURST, Result.CASE, Code.STANDING, "what requests no removal cannot be held"),
        (OWN, SUSPENDED, (), Result.CASE, Code.STANDING, "an analyst decides instead"),
        (None, FULL, (), Result.UNKNOWN, Code.NOT_KNOWN, "the report waits for it"),
        (Found(Owner.OTHER), FULL, (), Result.REFUSED, Code.OTHER_BRAND, "only the owner can tell"),
        (UNCLEAR, FULL, (), Result.CASE, Code.BRAND_UNRESOLVED, "a claim alone names no brand"),
        (Found(Owner.OWN, authorised=True), FULL, (), Result.REFUSED, Code.AUTHORISED_SELLER, "it vouches for them"),
        (Found(Owner.OWN, removed=True), FULL, (), Result.REFUSED, Code.ALREADY_REMOVED, "nothing is left to remove"),
        (
            Found(Owner.OTHER, removed=True),
            FULL,
            (),
            Result.REFUSED,
            Code.OTHER_BRAND,
            "nobody is told of others' removals",
        ),
        (Found(Owner.OWN, named_before=True), FULL, (), Result.REFUSED, Code.NAMED_TWICE, "it counts once"),
        (Found(Owner.OWN, reported_before=True), FULL, (), Result.REFUSED, Code.REPORTED_BEFORE, "it waits already"),
        (REVERSED, FULL, (), Result.CASE, Code.REINSTATED_BEFORE, "it was wrong before"),
        (replace(OWN, doubt=Doubt.FOUND_GENUINE), FULL, (), Result.CASE, Code.FOUND_GENUINE, "somebody else decides"),
        (Found(Owner.OWN, lane=CaseLane.COMPLAINT), FULL, (), Result.CASE, Code.COMPLAINT_OPEN, "others decide it"),
        (Found(Owner.OWN, lane=CaseLane.ASK_BRAND), FULL, (), Result.SCHEDULED, Code.REMOVED_AT_ONCE, "it answers"),
        (Found(Owner.OWN, lane=CaseLane.ANALYST), FULL, (), Result.SCHEDULED, Code.REMOVED_AT_ONCE, "it answers"),
        (Found(Owner.OWN, lane=CaseLane.AUDIT), FULL, (), Result.SCHEDULED, Code.REMOVED_AT_ONCE, "it answers"),
    ],
)
def test_each_listing_has_the_result_of_its_rule(
    found: Found | None, effect: Effect, holds: tuple[Hold, ...], result: Result, code: Code, why: str
) -> None:
    told = what_happens(found, effect, holds)
    assert (told.result, told.code) == (result, code), why


founds = st.none() | st.builds(
    Found,
    owner=st.sampled_from(Owner),
    authorised=st.booleans(),
    removed=st.booleans(),
    doubt=st.none() | st.sampled_from(Doubt),
    named_before=st.booleans(),
    reported_before=st.booleans(),
    lane=st.none() | st.sampled_from(CaseLane),
)
effects = st.sampled_from([FULL, PROVISIONAL, USED, SUSPENDED])


@given(founds, effects, st.sampled_from([(), BURST]))
def test_every_listing_has_exactly_one_result_with_a_reason_that_reads(
    found: Found | None, effect: Effect, holds: tuple[Hold, ...]
) -> None:
    told = what_happens(found, effect, holds)
    assert told.result in AT_FIRST
    assert told.reasons
    assert all(in_english(one) for one in told.reasons)


@given(founds, effects, st.sampled_from([(), BURST]))
def test_nothing_is_removed_without_standing_or_against_a_doubt(
    found: Found | None, effect: Effect, holds: tuple[Hold, ...]
) -> None:
    if what_happens(found, effect, holds).result not in {Result.SCHEDULED, Result.PENDING_APPROVAL}:
        return
    assert found is not None
    assert effect.at_once
    assert found.owner is not Owner.OTHER
    assert not any((found.authorised, found.removed, found.doubt, found.lane in BLIND_LANES))


def test_the_counts_of_a_report_have_zeros() -> None:
    assert counted([Result.SCHEDULED, Result.CASE, Result.SCHEDULED]) == {
        Result.SCHEDULED: 2,
        Result.PENDING_APPROVAL: 0,
        Result.CASE: 1,
        Result.UNKNOWN: 0,
        Result.REFUSED: 0,
    }


def test_a_report_names_one_to_three_hundred_listings_of_a_storable_length() -> None:
    assert named([" MP-1 ", "", "MP-2"], DEFAULT_REPORTS) == ("MP-1", "MP-2")
    for wrong in ([], ["MP-1"] * 301, ["x" * 2_001]):
        with pytest.raises(Invalid):
            named(wrong, DEFAULT_REPORTS)
