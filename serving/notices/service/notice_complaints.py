"""A notifier's complaint that a listing stays, or that the notice was found invalid.

A person decides it who did not decide before and sees no score.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.case import CaseLane
from models.errors import Conflict, Invalid, NotFound
from models.labels import AppealState
from models.messages.english import in_english
from models.verdict import Side
from serving.appeals.policy import AppealPolicy
from serving.appeals.rules.appeals import Admission, appeal_period_end
from serving.appeals.service.complaint_case import ComplaintCase, open_complaint
from serving.audit.store import audit
from serving.cases.store import cases, verdicts
from serving.cases.store.cases import Case
from serving.listings.store import scores
from serving.notices.rules.notices import ItemState, NoticeOutcome
from serving.notices.rules.notifier_complaints import admit_complaint
from serving.notices.service.notice_decisions import is_final
from serving.notices.service.notice_links import notice_of_link
from serving.notices.store import identified_listings, notice_complaints, notices
from serving.notices.store.notices import NoticeItem
from serving.platform.runtime import Runtime

LONGEST_TEXT: Final = 5_000
_BLIND: Final = frozenset({CaseLane.APPEAL, CaseLane.COMPLAINT})
# Article 20(1) covers each decision upon a notice not to act, also that it is no notice of this listing.
_WHAT: Final = {
    NoticeOutcome.NO_ACTION: "The notifier complains that the listing stays.",
    NoticeOutcome.INVALID: "The notifier complains that the notice was found invalid.",
}
_KEEPS: Final = frozenset(_WHAT)


def complain(runtime: Runtime, token: str, number: int, words: str) -> None:
    """Complain by the link about the decision on one listing of a notice.

    Raises NotFound (the link is invalid, or the notice names no such listing), Invalid (the text is empty or too long)
    or Conflict, TooLate (the listing does not stay by a final decision; there was a complaint already; six months have
    passed).
    """
    text, now = words.strip(), runtime.clock.now()
    if not text or len(text) > LONGEST_TEXT:
        raise Invalid("Say why, in at most {most:,} characters.", most=LONGEST_TEXT)
    with runtime.store.write() as connection:
        notice = notice_of_link(runtime, connection, token)
        notice_item = next(
            (
                notice_item
                for notice_item in notices.items_of_notice(connection, notice.marketplace_id, notice.notice_id)
                if notice_item.number == number
            ),
            None,
        )
        if notice_item is None:
            raise NotFound("The notice does not name this listing.")
        before = _final_decision(runtime, notice_item)
        if before is None:
            raise Conflict("There is no decision to keep this listing, so you cannot complain about one.")
        admitted = _admit_complaint(runtime, connection, notice_item, (notice.reporter_id, before.at), now)
        case_id = _open_complaint_case(runtime, connection, notice_item, (before.outcome, admitted), now)
        complaint_id = runtime.ids.new("ncp")
        row = {
            "marketplace_id": notice_item.marketplace_id,
            "complaint_id": complaint_id,
            "item_id": notice_item.item_id,
            "case_id": case_id,
            "previous_verdict_id": notice_item.verdict_id,
            "previous_outcome": before.outcome.value,
            "previous_decided_at": before.at,
            "statement": text,
            "state": AppealState.OPEN.value,
            "known_at": now,
        }
        notice_complaints.add_complaint(connection, row)
        audit.record(
            connection,
            now,
            notice_item.marketplace_id,
            f"reporter:{notice.reporter_id}",
            "notice.complained",
            complaint_id,
            item_id=notice_item.item_id,
            case_id=case_id,
            told=in_english(admitted.message),
        )


def may_complain(runtime: Runtime, connection: Connection, notice_item: NoticeItem) -> bool:
    """Whether a complaint about the decision on a listing would be admitted now."""
    before = _final_decision(runtime, notice_item)
    if (
        before is None
        or notice_complaints.of_item(connection, notice_item.marketplace_id, notice_item.item_id) is not None
    ):
        return False
    return runtime.clock.now() < appeal_period_end(before.at, runtime.policies[AppealPolicy])


@dataclass(frozen=True, slots=True)
class _Decision:
    outcome: NoticeOutcome
    at: datetime


def _final_decision(runtime: Runtime, notice_item: NoticeItem) -> _Decision | None:
    """The final decision by which a listing stays; None where there is none."""
    if (
        notice_item.state is not ItemState.DECIDED
        or notice_item.outcome not in _KEEPS
        or notice_item.decided_at is None
    ):
        return None
    return _Decision(notice_item.outcome, notice_item.decided_at) if is_final(runtime, notice_item) else None


def _admit_complaint(
    runtime: Runtime, connection: Connection, notice_item: NoticeItem, informed: tuple[str, datetime], now: datetime
) -> Admission:
    """Admit a complaint; `informed` is the reporter and when they were given the decision."""
    policy, marketplace_id = runtime.policies[AppealPolicy], notice_item.marketplace_id
    reporter_id, informed_at = informed
    since = now - timedelta(days=policy.record_days)
    return admit_complaint(
        informed_at=informed_at,
        at=now,
        is_first=notice_complaints.of_item(connection, marketplace_id, notice_item.item_id) is None,
        record=notice_complaints.record_of(connection, marketplace_id, reporter_id, since),
        policy=policy,
    )


def _open_complaint_case(
    runtime: Runtime,
    connection: Connection,
    notice_item: NoticeItem,
    heard: tuple[NoticeOutcome, Admission],
    now: datetime,
) -> str:
    """Open the complaint's case on the current version; an open case on the listing is followed.

    An open complaint or appeal on the listing also decides this one.
    """
    marketplace_id, (outcome, admitted) = notice_item.marketplace_id, heard
    before = cases.get(connection, marketplace_id, notice_item.case_id or "")
    waiting = cases.open_cases(connection, marketplace_id, [before.listing_id]).get(before.listing_id)
    if waiting is not None and waiting.lane in _BLIND:
        return waiting.case_id
    version_id = identified_listings.current_version(connection, marketplace_id, before.listing_id)
    complaint_heard = ComplaintCase(
        admitted=admitted,
        lane=CaseLane.COMPLAINT,
        version_id=version_id,
        score_id=scores.latest_of_version(connection, marketplace_id, version_id)["score_id"],
        actor="notice",
        what=_WHAT[outcome],
        question_returned=_has_brand_answered(connection, before),
    )
    return open_complaint(runtime, connection, before, waiting, complaint_heard, now)


def _has_brand_answered(connection: Connection, before: Case) -> bool:
    listing_verdicts = verdicts.of_listings(connection, before.marketplace_id, [before.listing_id])
    return any(verdict.case_id == before.case_id and verdict.side is Side.BRAND for verdict in listing_verdicts)
