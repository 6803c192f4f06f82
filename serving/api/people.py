"""Sessions, cases and verdicts."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import Connection

from models.case import CaseLane
from models.errors import DomainError
from models.verdict import Evidence, Judgement, ReasonCode
from serving.accounts.rules.access import Permission, Person
from serving.accounts.service import auth
from serving.accounts.service.guessing import SignInSource
from serving.accounts.service.proving import FactorResponse
from serving.accounts.service.reset_links import mailing_sign_in_link
from serving.accounts.service.second_factors import CodeMissing, complete_sign_in, half_session_of
from serving.api.answers import Answer, Moment, Page, Sentence, read_from
from serving.api.cookies import delete_session_cookie, set_session_cookies, sign_in_source
from serving.api.requests.moments import After
from serving.api.requests.repeating import RepeatableRoute
from serving.cases.policy import LONGEST_MARK, LONGEST_OWNER, LONGEST_REASON
from serving.cases.rules.case_brand import Naming
from serving.cases.service import decision_context, invalid_notices
from serving.cases.service.case_access import accounts_of_person
from serving.cases.service.review import VerdictOutcome, record_verdict
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import queues
from serving.cases.store.queues import QueueFilter
from serving.guards import Anyone, Judge, Reviewer, TheRuntime, cookie_name, public, runtime_of
from serving.notices.rules.notices import InvalidReason
from serving.platform.database.pages import cut
from serving.platform.runtime import Runtime

router = APIRouter(route_class=RepeatableRoute)


class Body(BaseModel):
    """A strict body: unknown fields are errors, numbers are not text, and text is storable."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @field_validator("*", mode="before")
    @classmethod
    def _readable(cls, field_value: object) -> object:
        if isinstance(field_value, str) and "\0" in field_value:
            raise ValueError("the text holds a NUL character")
        # 2.0 is an integer in JSON.
        return int(field_value) if isinstance(field_value, float) and field_value.is_integer() else field_value


class SignInBody(Body):
    """E-mail and password, and the code of the second factor where the person has one."""

    email: str = Field(max_length=320)
    password: str = Field(max_length=1_000)
    second_factor: str | None = Field(None, max_length=60)


class NamingBody(Body):
    """A registered brand by its id, or a mark that is not registered with its owner; a correction has a reason."""

    brand_id: str | None = Field(None, max_length=40)
    mark: str | None = Field(None, max_length=LONGEST_MARK)
    owner: str | None = Field(None, max_length=LONGEST_OWNER)
    reason: str | None = Field(None, max_length=LONGEST_REASON)

    @property
    def naming(self) -> Naming:
        """The naming as typed."""
        return Naming.of(brand_id=self.brand_id, mark=self.mark, owner=self.owner, reason=self.reason)


class VerdictBody(Body):
    """A judgement on the version that the reviewer saw; `brand` names the brand of the case with it."""

    version_id: str = Field(max_length=40)
    judgement: Judgement = Field(strict=False)
    reason_code: ReasonCode | None = Field(None, strict=False)
    note: str | None = Field(None, max_length=2_000)
    evidence: Evidence = Field(Evidence.LISTING, strict=False)
    brand: NamingBody | None = None


class InvalidNoticeBody(Body):
    """Why a notice is invalid."""

    reason: InvalidReason = Field(strict=False)


class SessionToken(Answer):
    """The token that unsafe requests carry in `X-Touchstone-Csrf`; the session is in the cookie."""

    csrf_token: str


class Case(Answer):
    """An open case; lane and deadline are null while the score is masked."""

    case_id: str
    version_id: str
    lane: CaseLane | None
    listing_external_id: str
    brand: str | None
    due_at: Moment | None


class Cases(Page):
    """The queue of a person, the costliest first."""

    cases: list[Case]


class Verdict(Answer):
    """A recorded verdict, its consequence, and until when it can be undone."""

    verdict_id: str
    reasons: list[Sentence] = read_from("consequence.reasons")
    action_id: str | None = read_from("action.action_id", "action")
    action_state: str | None = read_from("action.state", "action")
    undo_until: Moment


class EndedNotice(Answer):
    """The end of an invalid notice, and whether its case is closed too."""

    case_closed: bool


class VerdictWithdrawal(Answer):
    """The withdrawal of a verdict."""

    withdrawal_id: str


@router.post("/api/v1/session", dependencies=[public("signing in")])
def post_session(body: SignInBody, request: Request, runtime: TheRuntime, response: Response) -> SessionToken:
    """Begin a session; the token is in the cookie, the CSRF token in the response.

    A person with a second factor sends the code of their app, or a recovery code, as well.
    """
    with mailing_sign_in_link(runtime, body.email):
        signed_in = auth.sign_in(runtime, body.email, body.password, sign_in_source(request))
        if signed_in.half:
            signed_in = _complete_sign_in(runtime, signed_in, body.second_factor, sign_in_source(request))
    set_session_cookies(response, request, signed_in)
    return SessionToken(csrf_token=signed_in.csrf_token)


def _complete_sign_in(
    runtime: Runtime, waiting: auth.NewSession, code: str | None, whence: SignInSource
) -> auth.NewSession:
    """The session of a person with a second factor; a refusal ends the one that waits."""
    try:
        if code is None:
            raise CodeMissing("Send the code of your second factor too.")
        return complete_sign_in(runtime, half_session_of(runtime, waiting.token), FactorResponse(code), whence)
    except DomainError:
        auth.sign_out(runtime, waiting.token)
        raise


@router.delete("/api/v1/session", status_code=204)
def delete_session(request: Request, runtime: TheRuntime, response: Response, _session: Anyone) -> None:
    """End the session."""
    auth.sign_out(runtime, request.cookies.get(cookie_name(runtime), ""))
    delete_session_cookie(response, request)


@router.get("/api/v1/cases")
def get_cases(
    request: Request, session: Judge, lane: CaseLane | None = None, most: int = 100, after: After = None
) -> Cases:
    """Open cases of the person's queue, the costliest first; lane and deadline are null with the score.

    A page has at most 500.
    """
    most = min(max(most, 1), 500)
    with runtime_of(request).store.read() as connection:
        case_queue = queue_filter(connection, session.person, None if lane is None else (lane,))
        queued_cases = queues.queue(connection, case_queue, most=most + 1, after=after)
    rows, following = cut(queued_cases, most, lambda row: str(row["case_id"]))
    return Cases(next=following, cases=[_case_answer(session.person, row) for row in rows])


def _case_answer(person: Person, row: Mapping[str, Any]) -> Case:
    is_masked = _is_masked(person, row)
    return Case(
        case_id=row["case_id"],
        version_id=row["version_id"],
        lane=None if is_masked else row["lane"],
        listing_external_id=row["external_id"],
        brand=row["brand_name"] or row["mark"],
        due_at=None if is_masked else row["due_at"],
    )


def _is_masked(person: Person, row: Mapping[str, Any]) -> bool:
    """Whether the score of a case, and everything derived from it, is masked for a reviewer."""
    return bool(row["score_masked"]) and row["marketplace_id"] in person.marketplaces(Permission.REVIEW_CASES)


def queue_filter(connection: Connection, person: Person, lanes: tuple[CaseLane, ...] | None) -> QueueFilter:
    """The queue of a person: the cases of an analyst's marketplaces, or a brand's open questions."""
    reviewed = person.marketplaces(Permission.REVIEW_CASES)
    if reviewed:
        alike = accounts_of_person(connection, person)
        return QueueFilter(reviewed, lanes, person=person.user_id, alike=alike, without_masked=lanes is not None)
    answered = person.brands(Permission.ANSWER_QUESTIONS)
    return QueueFilter(frozenset(place for place, _ in answered), (CaseLane.ASK_BRAND,), answered)


@router.post("/api/v1/cases/{case_id}/verdicts", status_code=201, response_model=Verdict)
def post_verdict(case_id: str, body: VerdictBody, request: Request, session: Judge) -> VerdictOutcome:
    """Judge a case."""
    naming = None if body.brand is None else body.brand.naming
    answer = decision_context.Answer(
        case_id, body.version_id, body.judgement, body.reason_code, body.note, body.evidence, naming=naming
    )
    return record_verdict(runtime_of(request), session.person, answer)


@router.post("/api/v1/cases/{case_id}/notices/{notice_id}/invalid")
def post_invalid_notice(
    case_id: str, notice_id: str, body: InvalidNoticeBody, request: Request, session: Reviewer
) -> EndedNotice:
    """End a notice of a case as invalid, without a verdict; the notifier is told the reason."""
    invalid = invalid_notices.InvalidNotice(case_id, notice_id, body.reason)
    closed = invalid_notices.end_invalid(runtime_of(request), session.person, invalid)
    return EndedNotice(case_closed=closed)


@router.post("/api/v1/cases/{case_id}/undo")
def post_undo(case_id: str, request: Request, session: Judge) -> VerdictWithdrawal:
    """Undo one's last verdict on a case."""
    return VerdictWithdrawal(withdrawal_id=undo_verdict(runtime_of(request), session.person, case_id))
