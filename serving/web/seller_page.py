"""The page behind a seller's link: why the offer was removed, how it stands, and the seller's own words. No account."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection
from starlette.datastructures import UploadFile

from models.counter_notice import CounterNoticeEvent, CounterNoticeState, Party
from models.errors import DomainError, Invalid, NotFound
from models.policies.counter_notices.named import PROFILES
from models.policies.counter_notices.rules import Silence
from models.sanction import warning
from serving.api.errors import status_of
from serving.db import counter_notices, listings, overturns, seller_uploads, strikes, verdicts
from serving.db.actions import StoredAction
from serving.db.counter_notices import CounterNotice, StoredStep
from serving.guards import public, runtime_of
from serving.runtime import Runtime
from serving.usecases.counter_notices import LONGEST_SAID
from serving.usecases.seller_evidence import hand_in, open_to_documents
from serving.usecases.seller_links import PLACE, answer, appeal_until, choices, follow
from serving.web import text_view, words
from serving.web.counter_notices import SILENCE, Line
from serving.web.documents_card import ShownDocument, shown_document
from serving.web.forms import Fields, refuse_cross_site
from serving.web.rendering import respond
from serving.web.text_view import Shown

router = APIRouter(include_in_schema=False)
_BY_LINK: Final = public("the signed link is what lets a seller in")
_FIELDS: Final = (
    ("decision", "Decision"),
    ("territory", "Where it holds"),
    ("duration", "For how long"),
    ("ground", "Ground"),
    ("legal_ground", "Law or terms"),
    ("facts", "What it rests on"),
    ("source", "How it came up"),
    ("automated_means", "Automated means"),
    ("redress", "What you can do"),
)
_S: Final = CounterNoticeState
_HEADLINES: Final = {
    None: "Your offer is being removed",
    _S.WITH_SELLER: "Your offer was removed",
    _S.WITH_RIGHTS_HOLDER: "Your answer is with the rights holder",
    _S.WITH_REVIEWER: "A person who did not decide before is deciding",
    _S.WITH_COURT: "The rights holder has gone to court",
    _S.UPHELD: "The removal is undone",
    _S.DISMISSED: "The removal stands",
    _S.LAPSED: "The time to answer has passed",
    _S.WITHDRAWN: "You took your answer back",
}
_MAINTAINED: Final = "The rights holder maintains the removal"
_STATES: Final = {
    None: "As soon as the marketplace has removed it you can answer here.",
    _S.WITH_SELLER: "If you think that this is wrong, answer below. The rights holder or a person of the marketplace "
    "must look at what you say.",
    _S.WITH_RIGHTS_HOLDER: "The rights holder reads what you wrote, and maintains the removal or gives way.",
    _S.WITH_REVIEWER: "You need to do nothing more. You are told the decision by the marketplace, and find it here.",
    _S.WITH_COURT: "The offer stays removed until the matter is decided there.",
    _S.UPHELD: "Your offer is shown again, and the removal does not count against you.",
    _S.DISMISSED: "A person who did not decide before has looked at it. A dispute settlement body or a court can "
    "still be asked.",
    _S.LAPSED: "The removal stands.",
    _S.WITHDRAWN: "The removal stands.",
}
_AFTER_MAINTAINING: Final = (
    "It has read your answer and its reasons stand below. You can answer it again, or appeal to a person of the "
    "marketplace who did not decide before."
)
_SILENT_SELLER: Final = {
    Silence.REMOVAL_STANDS: "Without an answer by then the removal stands; you can still appeal.",
    Silence.REVIEWED: "Without an answer by then a person of the marketplace decides.",
    Silence.REINSTATED: "Without an answer by then the offer is shown again.",
}


_WHO: Final = {
    Party.SELLER: "You",
    Party.RIGHTS_HOLDER: "The rights holder",
    Party.REVIEWER: "The marketplace",
    Party.CLOCK: "The marketplace",
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """By when somebody must have spoken, how long that is, and what silence does."""

    at: str
    left: str
    soon: bool
    whose: str
    silence: str


@dataclass(frozen=True, slots=True)
class SellerPage:
    """One removal as its seller may see it: no score, no feature, no name of whoever reported or decided."""

    template: ClassVar[str] = "seller.html"
    place: ClassVar[str] = ""

    address: str
    title: Shown
    listing: str
    headline: str
    state: str
    reinstated: bool
    deadline: Deadline | None
    reasons: tuple[tuple[str, str], ...]
    earlier: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    documents: tuple[ShownDocument, ...]
    may_hand_in: bool
    document_limits: str
    may_answer: bool
    may_withdraw: bool
    may_appeal: bool
    appeal_until: str | None
    longest: int
    typed: str
    error: str | None


@dataclass(frozen=True, slots=True)
class _Document:
    """A file of the form: its name as the browser gave it, and no more of its bytes than are needed to refuse it."""

    name: str
    content: bytes


async def _document(token: str, request: Request) -> _Document:
    """The file of the form, which is read only for who has a link."""
    refuse_cross_site(request)
    runtime = runtime_of(request)
    await run_in_threadpool(_check_link, runtime, token)
    async with request.form(max_files=1, max_fields=4) as form:
        given = form.get("document")
        if not isinstance(given, UploadFile):
            return _Document("", b"")
        most = runtime.policies.seller_evidence.largest_document
        return _Document(given.filename or "", await given.read(most + 1))


def _check_link(runtime: Runtime, token: str) -> None:
    with runtime.store.read() as connection:
        follow(runtime, connection, token)


@router.get(PLACE + "{token}", dependencies=[_BY_LINK])
def get_seller_page(token: str, request: Request) -> Response:
    """The page."""
    return respond(request, _page(runtime_of(request), token))


@router.post(PLACE + "{token}", dependencies=[_BY_LINK])
def post_seller_page(token: str, request: Request, fields: Fields) -> Response:
    """Answer, take the answer back, or appeal; what was refused stands on the page again, with the reason."""
    refuse_cross_site(request)
    runtime = runtime_of(request)
    event, said = fields.get("event", ""), fields.get("said", "")
    try:
        if event not in set(CounterNoticeEvent):
            raise Invalid("Choose one of the answers.")
        answer(runtime, token, CounterNoticeEvent(event), said)
    except NotFound:
        raise
    except DomainError as refused:
        page = _page(runtime, token, typed=said[:LONGEST_SAID], error=refused.sentence)
        return respond(request, page, status=status_of(refused))
    return RedirectResponse(f"{PLACE}{token}", status_code=303)


@router.post(PLACE + "{token}/documents", dependencies=[_BY_LINK])
def post_document(token: str, request: Request, document: Annotated[_Document, Depends(_document)]) -> Response:
    """Hand in a document; one that is refused leaves what was handed in before."""
    runtime = runtime_of(request)
    try:
        hand_in(runtime, token, document.name, document.content)
    except NotFound:
        raise
    except DomainError as refused:
        return respond(request, _page(runtime, token, error=refused.sentence), status=status_of(refused))
    return RedirectResponse(f"{PLACE}{token}#documents", status_code=303)


def _page(runtime: Runtime, token: str, *, typed: str = "", error: str | None = None) -> SellerPage:
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        removal = follow(runtime, connection, token).removal
        here, action_id = removal.marketplace_id, removal.action_id
        found = counter_notices.of_action(connection, here, action_id)
        undone = overturns.in_force(connection, here, action_id)
        given = [] if found is None else counter_notices.steps(connection, here, found.counter_notice_id)
        allowed = choices(runtime, connection, removal)
        title = _title(connection, removal)
        handed_in = seller_uploads.of_action(connection, here, action_id)
        may_hand_in = open_to_documents(runtime, connection, removal)
        hit = strikes.of_removal(connection, here, action_id)
    policies = runtime.policies
    limits = policies.seller_evidence
    account: list[tuple[str, str]] = []
    if hit is not None:
        account.append(("Your account", warning(hit, strikes=policies.strikes, policy=policies.sanctions)))
    state = None if found is None else found.state
    may_appeal = CounterNoticeEvent.APPEAL in allowed
    # A second round begins only where the rights holder has answered the first and not given way.
    is_maintained = found is not None and state is _S.WITH_SELLER and found.round > 1
    return SellerPage(
        address=f"{PLACE}{token}",
        title=text_view.show(title),
        listing=removal.external_id,
        headline=_MAINTAINED if is_maintained else _HEADLINES[state],
        state=_AFTER_MAINTAINING if is_maintained else _STATES[state],
        reinstated=undone is not None,
        deadline=None if found is None else _deadline(found, now),
        reasons=(*_in_words(removal.statement if undone is None else undone.amendment), *account),
        earlier=() if undone is None else _in_words(removal.statement),
        lines=tuple(
            Line(_WHO[one.party], words.moment(one.known_at, now), text_view.show(one.said))
            for one in given
            if one.said
        ),
        documents=tuple(shown_document(one, now) for one in handed_in),
        may_hand_in=may_hand_in and len(handed_in) < limits.most_documents,
        document_limits=f"{limits.largest_document / 1_000_000:g} MB each, {limits.most_documents} in all",
        may_answer=CounterNoticeEvent.SUBMIT in allowed,
        may_withdraw=CounterNoticeEvent.WITHDRAW in allowed and state is not _S.WITH_SELLER,
        may_appeal=may_appeal,
        appeal_until=f"{appeal_until(runtime, found):%-d %B %Y}" if found is not None and may_appeal else None,
        longest=LONGEST_SAID,
        typed=typed,
        error=error,
    )


def _deadline(found: CounterNotice, now: datetime) -> Deadline | None:
    if found.due_at is None:
        return None
    policy = PROFILES[found.profile]
    of_seller = found.state is _S.WITH_SELLER
    silence = _SILENT_SELLER[policy.seller_silence] if of_seller else SILENCE[policy.rights_holder_silence]
    left = words.due(found.due_at, now)
    return Deadline(
        at=words.full(found.due_at),
        left="passed" if left.late else f"{left.text} left",
        soon=left.late or left.soon,
        whose="Answer by" if of_seller else "The rights holder must answer by",
        silence=silence,
    )


def _line(one: StoredStep, now: datetime) -> Line:
    return Line(_WHO[one.party], words.moment(one.known_at, now), text_view.show(one.said or ""))


def _in_words(statement: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((label, str(statement[name])) for name, label in _FIELDS if statement.get(name))


def _title(connection: Connection, removal: StoredAction) -> str:
    """The title of the version that was removed."""
    version_id = verdicts.get(connection, removal.marketplace_id, removal.verdict_id).version_id
    known = listings.versions(connection, removal.marketplace_id, removal.listing_id)
    titles = [one["content"].get("title") for one in known if one["version_id"] == version_id]
    return str(next(filter(None, titles), removal.external_id))
