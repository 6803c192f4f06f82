"""The outcome of a reported listing: one rule, a reason for each row."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.message import message
from models.case import BLIND_LANES, CaseLane
from models.errors import Invalid
from models.messages.english import in_english
from models.verdict import Judgement, ReasonCode
from serving.brands.rules.rights import RightKind
from serving.cases.rules.doubt import Doubt
from serving.reports.policy import DEFAULT_REPORTS
from serving.reports.rules.good_faith import (
    Finder,
    Hours,
    ReportedEnd,
    ReportedListing,
    Share,
    end_of_listing,
    finder_of,
    good_faith,
)
from serving.reports.rules.outcomes import (
    AT_FIRST,
    Code,
    ListingResult,
    ListingSituation,
    Owner,
    count_results,
    named_listings,
    outcome_of,
)
from serving.standing.rules.standing import Effect
from serving.takedowns.rules.bursts import PendingCause, PendingReason
from serving.webhooks.rules.action import ActionState

FULL = Effect(True, message("effect.full"))
PROVISIONAL = Effect(True, message("effect.provisional", n=20))
USED = Effect(False, message("effect.capped.used", n=20))
SUSPENDED = Effect(False, message("effect.suspended"))
BURST = (PendingReason(PendingCause.USER_BURST, message("pending.user_burst", n=20)),)
OWN = ListingSituation(Owner.OWN)
REVERSED = replace(OWN, doubt=Doubt.REINSTATED_BEFORE)
UNCLEAR = ListingSituation(Owner.UNRESOLVED, doubt=Doubt.BRAND_UNRESOLVED)


@pytest.mark.parametrize("reasons", [(), BURST], ids=["scheduled", "pending approval"])
def test_a_removal_of_goods_that_may_be_legitimate_comes_with_a_warning(reasons: tuple[PendingReason, ...]) -> None:
    outcome = outcome_of(replace(OWN, honest_uses=("compatible with",)), FULL, reasons)
    assert outcome.reasons[-1] == message("report.honest_use", words=("compatible with",))
    assert outcome.reasons[:-1] == outcome_of(OWN, FULL, reasons).reasons


@pytest.mark.parametrize(
    ("listing", "effect", "reasons", "expected", "code", "why"),
    [
        (OWN, FULL, (), ListingResult.SCHEDULED, Code.REMOVED_AT_ONCE, "good faith: no further correspondence"),
        (OWN, PROVISIONAL, (), ListingResult.SCHEDULED, Code.REMOVED_AT_ONCE, "the same; the sample is drawn unseen"),
        (
            OWN,
            FULL,
            BURST,
            ListingResult.PENDING_APPROVAL,
            Code.PENDING_APPROVAL,
            "a stolen session sends twenty at most",
        ),
        (OWN, USED, (), ListingResult.CASE, Code.STANDING, "the quota of the day is used"),
        (OWN, USED, BURST, ListingResult.CASE, Code.STANDING, "what requests no removal cannot be held"),
        (OWN, SUSPENDED, (), ListingResult.CASE, Code.STANDING, "an analyst decides instead"),
        (None, FULL, (), ListingResult.UNKNOWN, Code.NOT_KNOWN, "the report waits for it"),
        (ListingSituation(Owner.OTHER), FULL, (), ListingResult.REFUSED, Code.OTHER_BRAND, "only the owner can tell"),
        (UNCLEAR, FULL, (), ListingResult.CASE, Code.BRAND_UNRESOLVED, "a claim alone names no brand"),
        (
            ListingSituation(Owner.OWN, authorised=True),
            FULL,
            (),
            ListingResult.REFUSED,
            Code.AUTHORISED_SELLER,
            "it vouches for them",
        ),
        (
            ListingSituation(Owner.OWN, removed=True),
            FULL,
            (),
            ListingResult.REFUSED,
            Code.ALREADY_REMOVED,
            "nothing is left to remove",
        ),
        (
            ListingSituation(Owner.OTHER, removed=True),
            FULL,
            (),
            ListingResult.REFUSED,
            Code.OTHER_BRAND,
            "nobody is told of others' removals",
        ),
        (
            ListingSituation(Owner.OWN, named_before=True),
            FULL,
            (),
            ListingResult.REFUSED,
            Code.NAMED_TWICE,
            "it counts once",
        ),
        (
            ListingSituation(Owner.OWN, reported_before=True),
            FULL,
            (),
            ListingResult.REFUSED,
            Code.REPORTED_BEFORE,
            "it waits already",
        ),
        (
            ListingSituation(Owner.OWN, closed=True, lane=CaseLane.ANALYST),
            FULL,
            (),
            ListingResult.REFUSED,
            Code.QUESTION_CLOSED,
            "an answer needs its question",
        ),
        (REVERSED, FULL, (), ListingResult.CASE, Code.REINSTATED_BEFORE, "it was wrong before"),
        (
            replace(OWN, doubt=Doubt.FOUND_GENUINE),
            FULL,
            (),
            ListingResult.CASE,
            Code.FOUND_GENUINE,
            "somebody else decides",
        ),
        (
            ListingSituation(Owner.OWN, lane=CaseLane.COMPLAINT),
            FULL,
            (),
            ListingResult.CASE,
            Code.COMPLAINT_OPEN,
            "others decide it",
        ),
        (
            ListingSituation(Owner.OWN, lane=CaseLane.ASK_BRAND),
            FULL,
            (),
            ListingResult.SCHEDULED,
            Code.REMOVED_AT_ONCE,
            "it answers",
        ),
        (
            ListingSituation(Owner.OWN, lane=CaseLane.ANALYST),
            FULL,
            (),
            ListingResult.SCHEDULED,
            Code.REMOVED_AT_ONCE,
            "it answers",
        ),
        (
            ListingSituation(Owner.OWN, lane=CaseLane.AUDIT),
            FULL,
            (),
            ListingResult.SCHEDULED,
            Code.REMOVED_AT_ONCE,
            "it answers",
        ),
    ],
)
def test_each_listing_has_the_result_of_its_rule(
    listing: ListingSituation | None,
    effect: Effect,
    reasons: tuple[PendingReason, ...],
    expected: ListingResult,
    code: Code,
    why: str,
) -> None:
    outcome = outcome_of(listing, effect, reasons)
    assert (outcome.result, outcome.code) == (expected, code), why


founds = st.none() | st.builds(
    ListingSituation,
    owner=st.sampled_from(Owner),
    authorised=st.booleans(),
    removed=st.booleans(),
    doubt=st.none() | st.sampled_from(Doubt),
    named_before=st.booleans(),
    reported_before=st.booleans(),
    closed=st.booleans(),
    lane=st.none() | st.sampled_from(CaseLane),
)
effects = st.sampled_from([FULL, PROVISIONAL, USED, SUSPENDED])


@given(founds, effects, st.sampled_from([(), BURST]))
def test_every_listing_has_exactly_one_result_with_a_reason_that_reads(
    listing: ListingSituation | None, effect: Effect, reasons: tuple[PendingReason, ...]
) -> None:
    outcome = outcome_of(listing, effect, reasons)
    assert outcome.result in AT_FIRST
    assert outcome.reasons
    assert all(in_english(reason) for reason in outcome.reasons)
    if outcome.result is ListingResult.REFUSED:
        assert in_english(message(f"report.ended.{outcome.code}")), "its name on dashboards"


@given(founds, effects, st.sampled_from([(), BURST]))
def test_nothing_is_removed_without_standing_or_against_a_doubt(
    listing: ListingSituation | None, effect: Effect, reasons: tuple[PendingReason, ...]
) -> None:
    if outcome_of(listing, effect, reasons).result not in {ListingResult.SCHEDULED, ListingResult.PENDING_APPROVAL}:
        return
    assert listing is not None
    assert effect.at_once
    assert listing.owner is not Owner.OTHER
    assert not any((listing.authorised, listing.removed, listing.doubt, listing.lane in BLIND_LANES))


def test_the_counts_of_a_report_have_zeros() -> None:
    assert count_results([ListingResult.SCHEDULED, ListingResult.CASE, ListingResult.SCHEDULED]) == {
        ListingResult.SCHEDULED: 2,
        ListingResult.PENDING_APPROVAL: 0,
        ListingResult.CASE: 1,
        ListingResult.UNKNOWN: 0,
        ListingResult.REFUSED: 0,
    }


def test_a_report_names_one_to_three_hundred_listings_of_a_storable_length() -> None:
    assert named_listings([" MP-1 ", "", "MP-2"], DEFAULT_REPORTS) == ("MP-1", "MP-2")
    for wrong in ([], ["MP-1"] * 301, ["x" * 2_001]):
        with pytest.raises(Invalid):
            named_listings(wrong, DEFAULT_REPORTS)


_AT: Final = datetime(2026, 3, 1, tzinfo=UTC)


def a_reported(
    last: ListingResult = ListingResult.SCHEDULED, code: Code = Code.REMOVED_AT_ONCE, **changes: Any
) -> ReportedListing:
    fields: dict[str, Any] = {
        "right_id": "rgt_1",
        "kind": RightKind.MARK,
        "reason_code": ReasonCode.TRADEMARK_COUNTERFEIT,
    }
    fields["reported_at"] = _AT
    return ReportedListing(**{**fields, "last": last, "code": code, "examined_at": _AT, "at_once": True, **changes})


_GONE: Final = ActionState.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("listing", "expected", "reason", "why"),
    [
        (a_reported(removal=_GONE), ReportedEnd.ACCEPTED, None, "the marketplace removed it"),
        (a_reported(removal=_GONE, overturned=True), ReportedEnd.OVERTURNED, None, "the seller objected and was right"),
        (
            a_reported(ListingResult.RETRACTED, removal=_GONE, overturned=True),
            ReportedEnd.RETRACTED,
            None,
            "not an overturn",
        ),
        (
            a_reported(ListingResult.WITHDRAWN, removal=ActionState.WITHDRAWN),
            ReportedEnd.WITHDRAWN,
            None,
            "within the window",
        ),
        (a_reported(removal=ActionState.WITHDRAWN), ReportedEnd.REJECTED, "stopped", "an approver refused"),
        (a_reported(removal=ActionState.SCHEDULED), ReportedEnd.OPEN, None, "not removed yet"),
        (a_reported(removal=ActionState.DEAD), ReportedEnd.OPEN, None, "never acknowledged, so not removed"),
        (
            a_reported(ListingResult.PENDING_APPROVAL, removal=ActionState.PENDING_APPROVAL),
            ReportedEnd.OPEN,
            None,
            "pending",
        ),
        (a_reported(ListingResult.CASE, Code.STANDING), ReportedEnd.OPEN, None, "an analyst has it"),
        (
            a_reported(ListingResult.CASE, judgement=Judgement.GENUINE),
            ReportedEnd.REJECTED,
            "genuine",
            "an analyst's answer",
        ),
        (
            a_reported(ListingResult.CASE, judgement=Judgement.GREY_MARKET),
            ReportedEnd.REJECTED,
            "grey_market",
            "it stays",
        ),
        (
            a_reported(ListingResult.CASE, judgement=Judgement.COUNTERFEIT),
            ReportedEnd.OPEN,
            None,
            "its removal follows",
        ),
        (a_reported(ListingResult.CASE, removal=_GONE), ReportedEnd.ACCEPTED, None, "the analyst agreed"),
        (a_reported(ListingResult.UNKNOWN, Code.NOT_KNOWN), ReportedEnd.OPEN, None, "the report waits"),
        (a_reported(ListingResult.EXPIRED, Code.NOT_KNOWN), ReportedEnd.NOT_EXAMINED, "not_known", "it never came in"),
        (
            a_reported(ListingResult.REFUSED, Code.OTHER_BRAND),
            ReportedEnd.NOT_EXAMINED,
            "other_brand",
            "not the brand's",
        ),
    ],
)
def test_a_reported_listing_has_one_end_with_its_reason(
    listing: ReportedListing, expected: ReportedEnd, reason: str | None, why: str
) -> None:
    assert end_of_listing(listing) == (expected, reason), why


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ([], Hours(None, None, 0)),
        ([3], Hours(3, 3, 1)),
        ([1, 2], Hours(1.5, 2, 2)),
        (range(1, 21), Hours(10.5, 19, 20)),  # 95 % of 20 are 19: the 19th.
        (range(1, 22), Hours(11, 20, 21)),  # 19 of 21 are less than 95 %.
        (range(1, 101), Hours(50.5, 95, 100)),
    ],
)
def test_the_median_and_95th_percentile_are_those_counted_by_hand(hours: range, expected: Hours) -> None:
    rows = [a_reported(removal=_GONE, removed_at=_AT + timedelta(hours=hour)) for hour in hours]
    assert good_faith([*rows, a_reported()]).whole.to_removal == expected


def test_only_examined_listings_that_were_not_withdrawn_can_be_acted_on_at_once() -> None:
    figures = good_faith(
        [
            a_reported(),
            a_reported(ListingResult.CASE, at_once=False),
            a_reported(ListingResult.WITHDRAWN),
            a_reported(ListingResult.REFUSED, Code.NAMED_TWICE, examined_at=None, at_once=False),
            a_reported(ListingResult.UNKNOWN, Code.NOT_KNOWN, examined_at=None, at_once=False),
        ]
    )
    assert figures.whole.at_once == Share(1, 2)


_ROWS: Final = st.lists(
    st.builds(
        a_reported,
        last=st.sampled_from(ListingResult),
        code=st.sampled_from(Code),
        right_id=st.sampled_from(("rgt_1", "rgt_2")),
        kind=st.sampled_from(RightKind),
        reason_code=st.sampled_from(ReasonCode),
        removal=st.none() | st.sampled_from(ActionState),
        judgement=st.none() | st.sampled_from(Judgement),
        overturned=st.booleans(),
    )
)


@given(_ROWS)
def test_every_grouping_adds_up_to_the_whole(rows: list[ReportedListing]) -> None:
    figures = good_faith(rows)
    assert figures.whole.items == figures.whole.ended.total() == len(rows)
    for groups in (figures.by_right, figures.by_kind, figures.by_reason_code):
        assert sum(group.items for group in groups.values()) == len(rows)
        assert sum(group.at_once.number for group in groups.values()) == figures.whole.at_once.number
    with_reason = figures.whole.ended[ReportedEnd.REJECTED] + figures.whole.ended[ReportedEnd.NOT_EXAMINED]
    assert figures.reasons.total() == with_reason


@pytest.mark.parametrize(
    ("report", "notice", "expected"),
    [(False, False, Finder.US), (True, False, Finder.BRAND), (False, True, Finder.OTHERS), (True, True, Finder.BRAND)],
)
def test_a_listing_is_found_by_whoever_opened_its_case(report: bool, notice: bool, expected: Finder) -> None:
    assert finder_of(report=report, notice=notice) is expected
