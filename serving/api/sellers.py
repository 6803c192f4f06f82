"""Strikes, sanctions and lists of sellers."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BeforeValidator, Field

from models.seller_lists import Entry, SellerList
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.answers import Answer, Moment, Page, Sentence, State, read_from
from serving.api.learning import marketplace_for
from serving.api.people import Body
from serving.api.requests.after import After
from serving.api.requests.repeating import Repeatable
from serving.guards import may, runtime_of
from serving.platform.database.pages import cut
from serving.sellers.rules.sanction import SanctionState
from serving.sellers.service.sanctioning import PAGE, Sanctioned, count_of, in_force, lift, speak, undecided
from serving.sellers.service.seller_listing import check_lister, put_on_list, take_off_list
from serving.sellers.service.seller_risk import PageOfRisks, RiskOfSeller, risk_of_known, riskiest_sellers
from serving.sellers.store import seller_lists

router = APIRouter(route_class=Repeatable)
Speaker = Annotated[Session, may(Permission.REVIEW_CASES, Permission.LOOK_AFTER_BRANDS)]
Reviewer = Annotated[Session, may(Permission.REVIEW_CASES)]
Lister = Annotated[Session, may(Permission.REVIEW_CASES, Permission.ADMINISTER)]
_MOST = 1_000


class VoteBody(Body):
    """A vote for or against a sanction, and its reason."""

    agrees: bool
    reason: str = Field(max_length=500)


class LiftBody(Body):
    """The reason for lifting a sanction."""

    reason: str = Field(max_length=500)


class EntryBody(Body):
    """A seller for a list, the reason, and the number of days; by default a year."""

    seller: str = Field(max_length=200)
    list: SellerList = Field(strict=False)
    reason: str = Field(max_length=500)
    days: int | None = None


class StrikeIncident(Answer):
    """Removals that count as one strike."""

    kind: str
    weight: float
    began_at: Moment
    spent_at: Moment
    removals: list[Annotated[str, BeforeValidator(attrgetter("action_id"))]] = read_from("hits")


class Strikes(Answer):
    """The current strikes of a seller."""

    seller: str
    total: float
    reasons: list[Sentence]
    incidents: list[StrikeIncident]


class SanctionVote(Answer):
    """A vote on a sanction."""

    organisation: str
    agrees: bool


class Sanction(Answer):
    """A sanction of a seller."""

    sanction_id: str = read_from("sanction.sanction_id")
    seller: str = read_from("sanction.seller_external_id")
    measure: str = read_from("sanction.measure")
    cause: str = read_from("sanction.cause")
    state: str = read_from("sanction.state")
    path: str | None = read_from("sanction.path")
    reasons: list[Any] = read_from("sanction.reasons")
    strikes_now: float = read_from("count.total")
    linked: list[Any] = read_from("sanction.linked")
    proposed_at: Moment = read_from("sanction.proposed_at")
    due_at: Moment | None = read_from("sanction.due_at")
    votes: list[SanctionVote] = Field(serialization_alias="said")


class Sanctions(Answer):
    """Undecided sanctions and those in force."""

    undecided: list[Sanction]
    in_force: list[Sanction]
    next_undecided: str | None
    next_in_force: str | None


class ListEntry(Answer):
    """A seller on a list."""

    seller: str
    list: SellerList = read_from("which")
    reason: str
    added_by: str
    added_at: Moment
    expires_at: Moment


class ListEntries(Page):
    """The entries in force, the newest first."""

    entries: list[ListEntry]


class TakenOff(Answer):
    """The seller that is on no list any longer."""

    seller: str


class SellerFigures(Answer):
    """One seller's figures and rank; null where no ranking was made."""

    state: str | None = read_from("risk.state", "risk")
    offers: int | None = read_from("risk.offers", "risk")
    left_out: int | None = read_from("risk.left_out", "risk")
    left_out_confirmed: int | None = read_from("risk.left_out_confirmed", "risk")
    expected: float | None = read_from("risk.expected", "risk")
    confirmed: int | None = read_from("risk.confirmed", "risk")
    cleared: int | None = read_from("risk.cleared", "risk")
    share: float | None = read_from("risk.share", "risk")
    percentile: float | None = read_from("risk.percentile", "risk")


class Ranking(Answer):
    """What a ranking was made of; null where none was made."""

    as_of: Moment | None = read_from("kept.as_of", "kept")
    window_days: int | None = read_from("kept.window_days", "kept")
    sellers: int | None = read_from("kept.sellers", "kept")
    usual_share: float | None = read_from("kept.usual_share", "kept")
    policy_version: str | None = read_from("kept.policy_version", "kept")


class RankedSeller(SellerFigures):
    """A seller of a ranking."""

    seller: str


class SellerRisks(Page, Ranking):
    """Sellers, the riskiest first."""

    riskiest: list[RankedSeller]


class SellerRisk(Ranking, SellerFigures):
    """One seller, with an explanation."""

    seller: str
    reasons: list[Sentence]


@router.get("/api/v1/sellers/{seller:path}/strikes")
def get_strikes(seller: str, request: Request, session: Reviewer) -> Strikes:
    """The current strikes of a seller by incident, and the removals that do not count."""
    runtime = runtime_of(request)
    here = marketplace_for(runtime, session.person, Permission.REVIEW_CASES).marketplace_id
    with runtime.store.read() as connection:
        count = count_of(runtime, connection, here, seller[:200], runtime.clock.now())
    return Strikes(seller=seller, total=count.total, reasons=count.reasons, incidents=count.incidents)


@router.get("/api/v1/sanctions")
def get_sanctions(
    request: Request, session: Speaker, undecided_after: After = None, in_force_after: After = None
) -> Sanctions:
    """The undecided sanctions, the longest waiting first, and those in force; a page has at most 500 of each."""
    runtime, person = runtime_of(request), session.person
    waiting, imposed = undecided(runtime, person, undecided_after), in_force(runtime, person, in_force_after)
    return Sanctions(
        undecided=waiting, in_force=imposed, next_undecided=_following(waiting), next_in_force=_following(imposed)
    )


def _following(page: Sequence[Sanctioned]) -> str | None:
    return page[-1].sanction.sanction_id if len(page) == PAGE else None


@router.post("/api/v1/sanctions/{sanction_id}/voices", status_code=201)
def post_vote(sanction_id: str, body: VoteBody, request: Request, session: Speaker) -> State:
    """Agree to a sanction or refuse it; two people of two organisations must agree, and one refusal ends it."""
    runtime, person = runtime_of(request), session.person
    state = speak(runtime, person, sanction_id, agrees=body.agrees, reason=body.reason)
    return State(state=state)


@router.post("/api/v1/sanctions/{sanction_id}/lift", status_code=201)
def post_lift(sanction_id: str, body: LiftBody, request: Request, session: Speaker) -> State:
    """End a sanction that is in force; the marketplace is asked to restore the seller."""
    lift(runtime_of(request), session.person, sanction_id, body.reason)
    return State(state=SanctionState.LIFTED)


@router.get("/api/v1/seller-lists")
def get_lists(request: Request, session: Lister, after: After = None) -> ListEntries:
    """The entries in force, the newest first; a page has at most a thousand."""
    runtime, person = runtime_of(request), session.person
    places = person.marketplaces(Permission.REVIEW_CASES) | person.marketplaces(Permission.ADMINISTER)
    with runtime.store.read() as connection:
        entries = seller_lists.in_force(connection, places, runtime.clock.now(), _MOST + 1, after)
    page, following = cut(entries, _MOST, lambda row: row[2])
    return ListEntries(entries=[entry for _, entry, _ in page], next=following)


@router.post("/api/v1/seller-lists", status_code=201, response_model=ListEntry)
def post_entry(body: EntryBody, request: Request, session: Lister) -> Entry:
    """Put a seller on a list, in place of a current entry."""
    runtime, here = runtime_of(request), _where(request, session)
    check_lister(session.person, here, body.list)
    return put_on_list(
        runtime,
        here,
        body.seller,
        body.list,
        reason=body.reason,
        days=body.days,
        by=f"user:{session.person.user_id}",
    )


@router.delete("/api/v1/seller-lists/{seller:path}")
def delete_entry(seller: str, request: Request, session: Lister) -> TakenOff:
    """Take a seller off the list that it is on."""
    by = f"user:{session.person.user_id}"
    take_off_list(runtime_of(request), _where(request, session), seller[:200], by=by)
    return TakenOff(seller=seller)


def _where(request: Request, session: Session) -> str:
    kept = Permission.REVIEW_CASES if session.person.may(Permission.REVIEW_CASES) else Permission.ADMINISTER
    return marketplace_for(runtime_of(request), session.person, kept).marketplace_id


@router.get("/api/v1/seller-risks", response_model=SellerRisks)
def get_riskiest(request: Request, session: Reviewer, most: int = 100, after: After = None) -> PageOfRisks:
    """Sellers with a percentile, the riskiest first; a page has at most 500."""
    runtime = runtime_of(request)
    found = marketplace_for(runtime, session.person, Permission.REVIEW_CASES)
    with runtime.store.read() as connection:
        return riskiest_sellers(connection, found.marketplace_id, min(max(most, 1), 500), after)


@router.get("/api/v1/seller-risks/{seller:path}", response_model=SellerRisk)
def get_seller_risk(seller: str, request: Request, session: Reviewer) -> RiskOfSeller:
    """One seller's figures, with an explanation."""
    runtime = runtime_of(request)
    found = marketplace_for(runtime, session.person, Permission.REVIEW_CASES)
    with runtime.store.read() as connection:
        return risk_of_known(runtime, connection, found.marketplace_id, seller)
