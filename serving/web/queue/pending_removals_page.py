"""Pending removals: their reasons, the votes so far, and the form to vote."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import Invalid
from models.messages.english import in_english
from serving.accounts.store.accounts import Session
from serving.guards import may, runtime_of
from serving.platform.database.pools import dear
from serving.platform.runtime import Runtime
from serving.review.service.removal_approvals import VOTERS, PendingRemoval, pending_removals, speak
from serving.takedowns.rules.approval import ADMINISTRATION, PROGRAMME, REVIEW_TEAM, Decision
from serving.takedowns.store import removal_checks
from serving.takedowns.store.removal_checks import StillShown
from serving.web import text_view
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.rendering import respond
from serving.web.text_view import Shown
from serving.web.wording import words

router = APIRouter(include_in_schema=False)
Speaker = Annotated[Session, may(*VOTERS)]
_LONGEST_ID = 40
_ORGANISATIONS = {REVIEW_TEAM: "review team", PROGRAMME: "account management", ADMINISTRATION: "administration"}
_VOTES = {Decision.APPROVE: "approve", Decision.WITHDRAW: "withdraw"}
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class PendingRemovalRow:
    """A pending removal; `no_vote` says why the reader has no vote, `no_approval` why they can only withdraw it.

    `able` are the names of the people who can approve it now.
    """

    action_id: str
    listing: Shown
    case_id: str
    brand: str
    confirmed_by: tuple[str, ...]
    since: str
    reasons: tuple[str, ...]
    votes: tuple[str, ...]
    no_vote: str | None
    no_approval: str | None
    able: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StillShownRow:
    """A listing that is still shown although the marketplace acknowledged its removal."""

    listing: Shown
    case_id: str
    acknowledged: str
    looked: str
    looks: int


@dataclass(frozen=True, slots=True)
class PendingRemovalsPage:
    """Pending removals that the reader may see, and listings that are still shown; the oldest first."""

    template: ClassVar[str] = "pending_removals.html"
    place: ClassVar[str] = "/pending-removals"

    rows: tuple[PendingRemovalRow, ...]
    size: int
    still_shown: tuple[StillShownRow, ...]


@router.get("/pending-removals")
@dear
def get_pending_removals(request: Request, session: Speaker) -> HTMLResponse:
    """The page."""
    return respond(request, pending_removals_page(runtime_of(request), session), session)


@router.post("/pending-removals/{action_id}")
def post_vote(action_id: str, request: Request, session: Speaker, fields: Fields) -> Response:
    """Vote on a pending removal."""
    decision = fields.get("decision", "")
    if decision not in set(Decision):
        raise Invalid("Approve or withdraw the removal.")
    reason = fields.get("reason", "")[:500]
    agreed = speak(runtime_of(request), session.person, action_id[:_LONGEST_ID], Decision(decision), reason)
    flashes = {
        None: Flash.REMOVAL_VOTED,
        Decision.APPROVE: Flash.REMOVAL_APPROVED,
        Decision.WITHDRAW: Flash.REMOVAL_WITHDRAWN,
    }
    return go_to(request, "/pending-removals", flashes[agreed])


def pending_removals_page(runtime: Runtime, session: Session) -> PendingRemovalsPage:
    """The content of the page."""
    found = pending_removals(runtime, session.person)
    places = frozenset[str]().union(*(session.person.marketplaces(one) for one in VOTERS))
    with runtime.store.read() as connection:
        shown = removal_checks.still_shown(connection, places, _SHOWN)
    rows = tuple(_row(runtime, one) for one in found[:_SHOWN])
    return PendingRemovalsPage(rows, len(found), tuple(_still_shown(one, runtime.clock.now()) for one in shown))


def _still_shown(one: StillShown, now: datetime) -> StillShownRow:
    looked_at = one.check.looked_at or one.check.acknowledged_at
    return StillShownRow(
        listing=text_view.show(one.external_id),
        case_id=one.case_id,
        acknowledged=words.moment(one.check.acknowledged_at, now),
        looked=words.moment(looked_at, now),
        looks=one.check.looks,
    )


def _row(runtime: Runtime, one: PendingRemoval) -> PendingRemovalRow:
    return PendingRemovalRow(
        action_id=one.action.action_id,
        listing=text_view.show(one.action.external_id),
        case_id=one.case.case_id,
        brand=one.brand,
        confirmed_by=one.confirmed_by,
        since=words.moment(one.hold.pending_since, runtime.clock.now()),
        reasons=tuple(in_english(hold.message) for hold in one.reasons),
        votes=_votes(one),
        no_vote=None if one.no_vote is None else str(one.no_vote),
        no_approval=None if one.no_approval is None else str(one.no_approval),
        able=one.able,
    )


def _votes(one: PendingRemoval) -> tuple[str, ...]:
    """The votes in order, each with the reason if it does not count; a confirmation is listed only then."""
    left_out = {user_id: in_english(why) for user_id, why in one.left_out.items()}
    confirmed = [why for user_id, why in left_out.items() if user_id in one.bearing.confirmed_by]
    return tuple(
        [f"confirmation: {why}" for why in confirmed]
        + [
            " ".join(
                (
                    f"{_ORGANISATIONS.get(vote.organisation, 'brand')}:",
                    f"{_VOTES[vote.decision]}. {vote.reason}",
                    left_out.get(vote.user_id, ""),
                )
            ).rstrip()
            for vote in one.votes
        ]
    )
