from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.verdict import Judgement, ReasonCode
from serving.reports.rules.good_faith import Ended, FoundBy, Hours, ReportedListing, Share, ended, found_by, good_faith
from serving.reports.rules.outcomes import Code, Result
from serving.rights.rules.rights import RightKind
from serving.webhooks.rules.action import ActionState

_AT: Final = datetime(2026, 3, 1, tzinfo=UTC)


def a_reported(last: Result = Result.SCHEDULED, code: Code = Code.REMOVED_AT_ONCE, **changes: Any) -> ReportedListing:
    fields: dict[str, Any] = {
        "right_id": "rgt_1",
        "kind": RightKind.MARK,
        "reason_code": ReasonCode.TRADEMARK_COUNTERFEIT,
    }
    fields["reported_at"] = _AT
    return ReportedListing(**{**fields, "last": last, "code": code, "examined_at": _AT, "at_once": True, **changes})


_GONE: Final = ActionState.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("one", "expected", "reason", "why"),
    [
        (a_reported(removal=_GONE), Ended.ACCEPTED, None, "the marketplace removed it"),
        (a_reported(removal=_GONE, overturned=True), Ended.OVERTURNED, None, "the seller objected and was right"),
        (a_reported(Result.RETRACTED, removal=_GONE, overturned=True), Ended.RETRACTED, None, "not an overturn"),
        (a_reported(Result.WITHDRAWN, removal=ActionState.WITHDRAWN), Ended.WITHDRAWN, None, "within the window"),
        (a_reported(removal=ActionState.WITHDRAWN), Ended.REJECTED, "stopped", "an approver refused"),
        (a_reported(removal=ActionState.SCHEDULED), Ended.OPEN, None, "not removed yet"),
        (a_reported(removal=ActionState.DEAD), Ended.OPEN, None, "never acknowledged, so not removed"),
        (a_reported(Result.PENDING_APPROVAL, removal=ActionState.PENDING_APPROVAL), Ended.OPEN, None, "pending"),
        (a_reported(Result.CASE, Code.STANDING), Ended.OPEN, None, "an analyst has it"),
        (a_reported(Result.CASE, judgement=Judgement.GENUINE), Ended.REJECTED, "genuine", "an analyst's answer"),
        (a_reported(Result.CASE, judgement=Judgement.GREY_MARKET), Ended.REJECTED, "grey_market", "it stays"),
        (a_reported(Result.CASE, judgement=Judgement.COUNTERFEIT), Ended.OPEN, None, "its removal follows"),
        (a_reported(Result.CASE, removal=_GONE), Ended.ACCEPTED, None, "the analyst agreed"),
        (a_reported(Result.UNKNOWN, Code.NOT_KNOWN), Ended.OPEN, None, "the report waits"),
        (a_reported(Result.EXPIRED, Code.NOT_KNOWN), Ended.NOT_EXAMINED, "not_known", "it never came in"),
        (a_reported(Result.REFUSED, Code.OTHER_BRAND), Ended.NOT_EXAMINED, "other_brand", "not the brand's"),
    ],
)
def test_a_reported_listing_has_one_end_with_its_reason(
    one: ReportedListing, expected: Ended, reason: str | None, why: str
) -> None:
    assert ended(one) == (expected, reason), why


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
    rows = [a_reported(removal=_GONE, removed_at=_AT + timedelta(hours=one)) for one in hours]
    assert good_faith([*rows, a_reported()]).whole.to_removal == expected


def test_only_examined_listings_that_were_not_withdrawn_can_be_acted_on_at_once() -> None:
    found = good_faith(
        [
            a_reported(),
            a_reported(Result.CASE, at_once=False),
            a_reported(Result.WITHDRAWN),
            a_reported(Result.REFUSED, Code.NAMED_TWICE, examined_at=None, at_once=False),
            a_reported(Result.UNKNOWN, Code.NOT_KNOWN, examined_at=None, at_once=False),
        ]
    )
    assert found.whole.at_once == Share(1, 2)


_ROWS: Final = st.lists(
    st.builds(
        a_reported,
        last=st.sampled_from(Result),
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
    found = good_faith(rows)
    assert found.whole.items == found.whole.ended.total() == len(rows)
    for groups in (found.by_right, found.by_kind, found.by_reason_code):
        assert sum(one.items for one in groups.values()) == len(rows)
        assert sum(one.at_once.number for one in groups.values()) == found.whole.at_once.number
    with_reason = found.whole.ended[Ended.REJECTED] + found.whole.ended[Ended.NOT_EXAMINED]
    assert found.reasons.total() == with_reason


@pytest.mark.parametrize(
    ("report", "notice", "expected"),
    [
        (False, False, FoundBy.US),
        (True, False, FoundBy.BRAND),
        (False, True, FoundBy.OTHERS),
        (True, True, FoundBy.BRAND),
    ],
)
def test_a_listing_is_found_by_whoever_opened_its_case(report: bool, notice: bool, expected: FoundBy) -> None:
    assert found_by(report=report, notice=notice) is expected
