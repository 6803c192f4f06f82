"""Strikes, sanctions and risks of sellers."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BeforeValidator

from serving.accounts.rules.access import Permission
from serving.api.answers import Answer, Moment, Page, Sentence, read_from
from serving.api.learning import marketplace_for
from serving.api.requests.moments import After
from serving.api.requests.repeating import RepeatableRoute
from serving.guards import Reviewer, Speaker, TheRuntime, runtime_of
from serving.sellers.service.sanctioning import PAGE, SanctionView, sanctions_in_force, strikes_of, undecided_sanctions
from serving.sellers.service.seller_risk import PageOfRisks, riskiest_sellers

router = APIRouter(route_class=RepeatableRoute)


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
    votes: list[SanctionVote]


class Sanctions(Answer):
    """Undecided sanctions and those in force."""

    undecided: list[Sanction]
    in_force: list[Sanction]
    next_undecided: str | None
    next_in_force: str | None


class SellerFigures(Answer):
    """One seller's figures and rank; null where no ranking was made."""

    state: str | None = read_from("risk.state", "risk")
    listings: int | None = read_from("risk.listings", "risk")
    left_out: int | None = read_from("risk.left_out", "risk")
    left_out_confirmed: int | None = read_from("risk.left_out_confirmed", "risk")
    expected: float | None = read_from("risk.expected", "risk")
    confirmed: int | None = read_from("risk.confirmed", "risk")
    cleared: int | None = read_from("risk.cleared", "risk")
    share: float | None = read_from("risk.share", "risk")
    percentile: float | None = read_from("risk.percentile", "risk")


class Ranking(Answer):
    """What a ranking was made of; null where none was made."""

    as_of: Moment | None = read_from("ranking.as_of", "ranking")
    window_days: int | None = read_from("ranking.window_days", "ranking")
    sellers: int | None = read_from("ranking.sellers", "ranking")
    base_rate: float | None = read_from("ranking.base_rate", "ranking")
    policy_version: str | None = read_from("ranking.policy_version", "ranking")


class RankedSeller(SellerFigures):
    """A seller of a ranking."""

    seller: str


class SellerRisks(Page, Ranking):
    """Sellers, the riskiest first."""

    riskiest: list[RankedSeller]


@router.get("/api/v1/sellers/{seller:path}/strikes")
def get_strikes(seller: str, runtime: TheRuntime, session: Reviewer) -> Strikes:
    """The current strikes of a seller by incident, and the removals that do not count."""
    marketplace_id = marketplace_for(runtime, session.person, Permission.REVIEW_CASES).marketplace_id
    with runtime.store.read() as connection:
        count = strikes_of(runtime, connection, marketplace_id, seller[:200], runtime.clock.now())
    return Strikes(seller=seller, total=count.total, reasons=count.reasons, incidents=count.incidents)


@router.get("/api/v1/sanctions")
def get_sanctions(
    request: Request, session: Speaker, undecided_after: After = None, in_force_after: After = None
) -> Sanctions:
    """The undecided sanctions, the longest waiting first, and those in force; a page has at most 500 of each."""
    runtime, person = runtime_of(request), session.person
    waiting, imposed = (
        undecided_sanctions(runtime, person, undecided_after),
        sanctions_in_force(runtime, person, in_force_after),
    )
    return Sanctions(
        undecided=waiting,
        in_force=imposed,
        next_undecided=_next_sanction_id(waiting),
        next_in_force=_next_sanction_id(imposed),
    )


def _next_sanction_id(page: Sequence[SanctionView]) -> str | None:
    return page[-1].sanction.sanction_id if len(page) == PAGE else None


@router.get("/api/v1/seller-risks", response_model=SellerRisks)
def get_riskiest(runtime: TheRuntime, session: Reviewer, most: int = 100, after: After = None) -> PageOfRisks:
    """Sellers with a percentile, the riskiest first; a page has at most 500."""
    marketplace = marketplace_for(runtime, session.person, Permission.REVIEW_CASES)
    with runtime.store.read() as connection:
        return riskiest_sellers(connection, marketplace.marketplace_id, min(max(most, 1), 500), after)
