"""Bulk confirmation of a brand's questions: every listing is shown, and any can be left out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from models.case import CaseLane
from models.errors import Invalid
from models.policies.deciding import EnforcementPolicy
from models.verdict import ReasonCode
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.brands.store import brands
from serving.guards import may, runtime_of
from serving.platform.runtime import Runtime
from serving.review.policy import TakedownPolicy
from serving.review.rules.takedown import Fate, Item, came_to
from serving.review.service.takedown_requests import Asked, answered, confirm_all, withdraw
from serving.review.store.takedowns import StoredItem
from serving.rights import store as rights
from serving.rights.rules.rights import RightKind, RightState, kinds_for
from serving.rights.service.bases import basis_of
from serving.rights.store import StoredRight
from serving.views import queues, views
from serving.views.queues import QueueFilter
from serving.web import text_view
from serving.web.brand.brand_page import answers_before, key_of
from serving.web.brand.questions import Question, question
from serving.web.case.pictures import shown_pictures
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.rendering import respond
from serving.web.text_view import Shown
from serving.web.wording import own_words, words
from serving.web.wording.i18n import N_, joined, say
from serving.web.wording.messages import in_words
from serving.web.wording.refusals import phrase_in_words
from serving.web.wording.vocabulary import FATES, REASON_CODES, Option, StateWords

router = APIRouter(include_in_schema=False)
Answerer = Annotated[Session, may(Permission.ANSWER_QUESTIONS, translated=True)]
_LONGEST_ID: Final = 40
_LISTING: Final = "listing:"
_KINDS: Final = {
    RightKind.MARK: N_("Mark “%(title)s”"),
    RightKind.DESIGN: N_("Design “%(title)s”"),
    RightKind.COPYRIGHT: N_("Copyright “%(title)s”"),
}
_CHOSEN_FROM: Final = frozenset({RightState.VERIFIED, RightState.CARRIED_OVER})


@dataclass(frozen=True, slots=True)
class RightChoice:
    """A right of the person's brands at a marketplace, with the address that selects it."""

    name: Shown
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """The right that the form uses; `objection` says why it cannot be used, None if it can."""

    right_id: str
    marketplace_id: str
    objection: str | None
    reason_codes: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class TakedownPage:
    """The open questions about the right's brand, each ticked, as one form."""

    template: ClassVar[str] = "takedown.html"
    place: ClassVar[str] = "/brand"

    choices: tuple[RightChoice, ...]
    chosen: Chosen | None
    request_id: str
    offers: tuple[Question, ...]
    beyond: int
    most: int


@dataclass(frozen=True, slots=True)
class FateRow:
    """The outcome for one listing of a request."""

    listing: Shown
    fate: StateWords
    reason: str


@dataclass(frozen=True, slots=True)
class TakedownAnswer:
    """The outcome of a request by listing; `can_undo` is whether any of it can still be undone."""

    template: ClassVar[str] = "takedown_answer.html"
    place: ClassVar[str] = "/brand"

    request_id: str
    when: str
    sentences: tuple[str, ...]
    rows: tuple[FateRow, ...]
    can_undo: bool
    undo_until: str


@router.get("/brand/takedowns")
def get_form(request: Request, session: Answerer) -> HTMLResponse:
    """The form, with the right that the address names or the first one."""
    wanted = request.query_params.get("right", "")[:_LONGEST_ID], request.query_params.get("at", "")[:_LONGEST_ID]
    return respond(request, takedown_page(runtime_of(request), session, wanted), session)


@router.post("/brand/takedowns")
def post_form(request: Request, session: Answerer, fields: Fields) -> Response:
    """Confirm the ticked questions and redirect to the outcome."""
    code = fields.get("reason_code", "")
    if code not in set(ReasonCode):
        raise Invalid("Choose the reason why the listings are counterfeit.")
    items = [
        Item(name.removeprefix(_LISTING)[:_LONGEST_ID], value[:_LONGEST_ID])
        for name, value in fields.items()
        if name.startswith(_LISTING)
    ]
    asked = Asked(
        fields.get("right_id", "")[:_LONGEST_ID],
        ReasonCode(code),
        tuple(items),
        fields.get("good_faith") == "yes",
        fields.get("request_id", "")[:_LONGEST_ID],
        fields.get("marketplace_id", "")[:_LONGEST_ID],
    )
    found = confirm_all(runtime_of(request), session.person, asked)
    return go_to(request, f"/brand/takedowns/{found.request.request_id}")


@router.get("/brand/takedowns/{request_id}")
def get_answer(request_id: str, request: Request, session: Answerer) -> HTMLResponse:
    """The outcome of a request."""
    return respond(request, takedown_answer(runtime_of(request), session, request_id[:_LONGEST_ID]), session)


@router.post("/brand/takedowns/{request_id}/undo")
def post_undo(request_id: str, request: Request, session: Answerer) -> Response:
    """Undo the whole request."""
    withdraw(runtime_of(request), session.person, request_id[:_LONGEST_ID])
    return go_to(request, f"/brand/takedowns/{request_id[:_LONGEST_ID]}", Flash.TAKEDOWN_UNDONE)


def takedown_page(runtime: Runtime, session: Session, wanted: tuple[str, str]) -> TakedownPage:
    """The content of the form."""
    now, most = runtime.clock.now(), runtime.policies[TakedownPolicy].most_listings
    pairs = sorted(session.person.brands(Permission.ANSWER_QUESTIONS))
    with runtime.store.read() as connection:
        found = [
            (place, one)
            for place, brand_id in pairs
            for one in rights.rights_of(connection, [brand_id])
            if one.right.state in _CHOSEN_FROM
        ]
        at = next((n for n, (place, one) in enumerate(found) if (one.right.right_id, place) == wanted), 0)
        if not found:
            return TakedownPage((), None, "", (), 0, most)
        place, stored = found[at]
        listings, beyond = _listings(runtime, connection, (place, stored.brand_id), most, now)
        chosen = _chosen(runtime, connection, session, place, stored, now)
        choices = tuple(_choice(connection, one, n == at, len(pairs) > 1) for n, one in enumerate(found))
    return TakedownPage(choices, chosen, runtime.ids.new("tdn"), listings, beyond, most)


def _listings(
    runtime: Runtime, connection: Connection, pair: tuple[str, str], most: int, now: datetime
) -> tuple[tuple[Question, ...], int]:
    """A brand's open questions that fit into one request, and the number of the remaining ones."""
    wanted = QueueFilter(frozenset({pair[0]}), (CaseLane.ASK_BRAND,), frozenset({pair}))
    rows = queues.queue(connection, wanted, most=most)
    facts = views.facts_of_many(connection, [(row["marketplace_id"], row["facts_digest"]) for row in rows])
    waiting = views.open_questions(connection, {pair})
    beyond = sum(one.number for one in waiting.values()) - len(rows)
    before = answers_before(connection, frozenset({pair}), rows)
    listings = tuple(
        question(row, one, now, before.get(key_of(row)), shown_pictures(runtime, row["case_id"], one))
        for row in rows
        for one in [facts[row["marketplace_id"], row["facts_digest"]]]
    )
    return listings, beyond


def _chosen(
    runtime: Runtime, connection: Connection, session: Session, place: str, stored: StoredRight, now: datetime
) -> Chosen:
    right = stored.right
    codes = tuple(one for one in REASON_CODES if right.kind in kinds_for(ReasonCode(one.value)))
    pair, first = (place, stored.brand_id), ReasonCode(codes[0].value)
    found, _ = basis_of(runtime, connection, pair, session.person, first, now, only=right.right_id)
    return Chosen(right.right_id, place, None if found.right else joined(*map(in_words, found.reasons)), codes)


def _choice(connection: Connection, found: tuple[str, StoredRight], current: bool, several: bool) -> RightChoice:
    place, one = found
    right = one.right
    name = f"{say(_KINDS[right.kind], title=right.title)}, {right.office} {right.number}"
    if several:
        name += f", {brands.enrolments(connection, place)[one.brand_id].name}"
    address = f"/brand/takedowns?right={one.right.right_id}&at={place}"
    return RightChoice(text_view.show(name), address, current)


def takedown_answer(runtime: Runtime, session: Session, request_id: str) -> TakedownAnswer:
    """The content of a request's page."""
    found, now = answered(runtime, session.person, request_id), runtime.clock.now()
    until = found.request.known_at + timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    standing = any(one.verdict_id and not one.undone for one in found.items)
    return TakedownAnswer(
        request_id=request_id,
        when=own_words.moment(found.request.known_at, now),
        sentences=tuple(map(in_words, came_to(found.counts))),
        rows=tuple(_fate(one) for one in sorted(found.items, key=lambda one: _ORDER.index(one.fate))),
        can_undo=standing and now < until and found.request.user_id == session.person.user_id,
        undo_until=words.clock(until),
    )


# Refused listings come first: they need action.
_ORDER: Final = (Fate.REFUSED, Fate.PASSED_ON, Fate.PENDING_APPROVAL, Fate.LEAVES)
_UNDONE: Final = StateWords(N_("Undone"), "out")


def _fate(one: StoredItem) -> FateRow:
    title = (one.content or {}).get("title") or one.external_id or one.case_id
    reason = joined(*map(in_words, one.reasons)) if one.refusal is None else phrase_in_words(one.refusal)
    return FateRow(text_view.show(title), _UNDONE if one.undone else FATES[one.fate], reason)
