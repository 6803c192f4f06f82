"""Listings that brands reported of their own accord, as notices of Article 16."""

from typing import Final

from serving.notices.rules.notice_counts import Notified
from serving.notices.rules.notices import ItemState, NoticeOutcome, ReporterKind
from serving.reports.rules.good_faith import Ended, ReportedListing, ended
from serving.webhooks.rules.action import ActionState

_REQUESTED: Final = frozenset({ActionState.SCHEDULED, ActionState.SENDING, ActionState.ACKNOWLEDGED, ActionState.DEAD})


def as_notice(one: ReportedListing) -> Notified | None:
    """A reported listing as a notified one; None where the brand withdrew it within the undo window.

    A report has all elements of a notice. A removal at once is a decision of a person, as a brand's answer to a
    question is, and not of automated means alone: the rights holder's certified user decides for the marketplace. What
    was refused at once, or never came in, was settled by a rule. A brand is no trusted flagger: that is an award of a
    Digital Services Coordinator (Article 22). A removal that was reversed later stays a removal on a notice, as for
    notices from outside.
    """
    end, _ = ended(one)
    if end is Ended.WITHDRAWN:
        return None
    state, outcome = _settled(one, end)
    decided_at = one.decided_at if outcome is not None else None
    return Notified(
        one.reason_code, ReporterKind.BRAND, one.reported_at, state, outcome, outcome, decided_at, decided_at
    )


def _settled(one: ReportedListing, end: Ended) -> tuple[ItemState, NoticeOutcome | None]:
    if end is Ended.NOT_EXAMINED:
        return ItemState.DECIDED, None
    if end is Ended.REJECTED:
        return ItemState.DECIDED, NoticeOutcome.NO_ACTION
    if one.removal in _REQUESTED:
        return ItemState.DECIDED, NoticeOutcome.REMOVED
    if end is Ended.RETRACTED:
        return ItemState.DECIDED, NoticeOutcome.NO_ACTION
    return ItemState.WAITING, None
