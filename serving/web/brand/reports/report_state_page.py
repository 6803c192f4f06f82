"""A report as it stands: the state of each listing, which can be withdrawn or retracted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from features.message import Message
from features.phrase import Phrase
from models.errors import Invalid
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.guards import may, runtime_of
from serving.platform.runtime import Runtime
from serving.reports.service.status import ItemStatus, Reported, status_of
from serving.reports.service.withdrawing import retract, withdraw
from serving.web import text_view
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.rendering import respond
from serving.web.text_view import Shown
from serving.web.wording import own_words, words
from serving.web.wording.i18n import joined
from serving.web.wording.messages import in_words
from serving.web.wording.refusals import phrase_in_words
from serving.web.wording.vocabulary import REPORT_STATES, StateWords

router = APIRouter(include_in_schema=False)
Answerer = Annotated[Session, may(Permission.ANSWER_QUESTIONS, translated=True)]
PLACE: Final = "/brand/reports"
_LONGEST_ID: Final = 40
_NUMBER: Final = re.compile("item:([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A listing of a report, its result or state, and why. `number` is set where it can be withdrawn or retracted."""

    listing: Shown
    state: StateWords
    reason: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class ReportState:
    """A report as it stands, listing by listing."""

    template: ClassVar[str] = "brand_report_state.html"
    place: ClassVar[str] = "/brand"

    report_id: str
    when: str
    counts: tuple[tuple[StateWords, int], ...]
    rows: tuple[ResultRow, ...]
    withdraw_until: str | None
    may_retract: bool


@router.get(PLACE + "/{report_id}")
def get_report(report_id: str, request: Request, session: Answerer) -> HTMLResponse:
    """A report as it stands."""
    return respond(request, state_page(runtime_of(request), session, report_id[:_LONGEST_ID]), session)


@router.post(PLACE + "/{report_id}/withdraw")
def post_withdrawal(report_id: str, request: Request, session: Answerer, fields: Fields) -> Response:
    """Withdraw the ticked listings, or all of them where none is ticked."""
    withdraw(runtime_of(request), session.person, report_id[:_LONGEST_ID], _ticked(fields) or None)
    return go_to(request, f"{PLACE}/{report_id[:_LONGEST_ID]}", Flash.REPORT_WITHDRAWN)


@router.post(PLACE + "/{report_id}/retract")
def post_retraction(report_id: str, request: Request, session: Answerer, fields: Fields) -> Response:
    """Retract the ticked listings."""
    ticked = _ticked(fields)
    if not ticked:
        raise Invalid("Tick the listings that you retract.")
    retract(runtime_of(request), session.person, report_id[:_LONGEST_ID], ticked)
    return go_to(request, f"{PLACE}/{report_id[:_LONGEST_ID]}", Flash.REPORT_RETRACTED)


def _ticked(fields: Mapping[str, str]) -> frozenset[int]:
    return frozenset(int(found[1]) for name in fields if (found := _NUMBER.fullmatch(name)))


# These can still be retracted once the undo window has closed.
_RETRACTABLE: Final = frozenset(
    {Reported.REMOVED, Reported.WITH_ANALYST, Reported.PENDING_APPROVAL, Reported.SCHEDULED}
)
_WITHDRAWABLE: Final = frozenset({Reported.SCHEDULED, Reported.PENDING_APPROVAL, Reported.WITH_ANALYST})


def state_page(runtime: Runtime, session: Session, report_id: str) -> ReportState:
    """The content of a report's page."""
    found, now = status_of(runtime, session.person, report_id), runtime.clock.now()
    allowed = _WITHDRAWABLE if found.may_withdraw is not None else _RETRACTABLE
    rows = tuple(_row(one, allowed) for one in found.items)
    counts: dict[Reported, int] = {}
    for one in found.items:
        counts[one.state] = counts.get(one.state, 0) + 1
    return ReportState(
        report_id=report_id,
        when=own_words.moment(found.report.known_at, now),
        counts=tuple((REPORT_STATES[state], counts[state]) for state in Reported if state in counts),
        rows=rows,
        withdraw_until=_until(found.may_withdraw),
        may_retract=found.may_withdraw is None and any(row.number is not None for row in rows),
    )


def _until(at: datetime | None) -> str | None:
    return None if at is None else words.clock(at)


def _row(one: ItemStatus, allowed: frozenset[Reported]) -> ResultRow:
    number = one.step.number if one.state in allowed or one.state is Reported.WAITING else None
    reason = why(one.reasons, one.step.refusal)
    return ResultRow(text_view.show(one.title or one.step.location), REPORT_STATES[one.state], reason, number)


def why(reasons: tuple[Message, ...], refusal: Phrase | None) -> str:
    """The reasons of a result in the reader's language, or the refusal of a confirmation."""
    return joined(*map(in_words, reasons)) if refusal is None else phrase_in_words(refusal)
