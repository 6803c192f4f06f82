"""Pending removals by report or day: what waits and why, a sample, and one vote on all or some of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from features.money import exponent
from models.errors import Invalid
from serving.accounts.store.accounts import Session
from serving.cases.service.removal_approvals import (
    VOTERS,
    BatchVotes,
    PendingRemoval,
    batch_of,
    batches_of,
    record_votes,
    removals_in,
)
from serving.guards import TheRuntime, may, runtime_of
from serving.listings.store import listings
from serving.platform.database.pools import in_fair_pool
from serving.platform.runtime import Runtime
from serving.takedowns.rules.approval import Decision
from serving.takedowns.store import approvals, removal_checks
from serving.takedowns.store.approvals import BatchFigures, PendingBatch
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, LONGEST_REASON, Fields, ticked_rows
from serving.web.rendering import Page, StaffPage, respond
from serving.web.wording import words

router = APIRouter(include_in_schema=False)
Speaker = Annotated[Session, may(*VOTERS)]
PLACE: Final = "/pending-removals"
_SHOWN: Final = 25
_MOST_STILL_SHOWN: Final = 100
_SAMPLE: Final = 10
_MOST_SHOWN: Final = 300  # A full report.
_FIELD: Final = "removal:"


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch with its sellers and the prices of its listings together, in words."""

    batch: PendingBatch
    sellers: int
    amounts: str


@dataclass(frozen=True, slots=True)
class BatchPage(Page, template="pending_batch.html", place=PLACE):
    """A batch: a sample of its removals or all of them with their titles, and what a vote has just done."""

    row: BatchRow
    removals: Sequence[PendingRemoval]
    titles: Mapping[str, str | None]
    shows_all: bool
    votes: BatchVotes | None
    may_approve: bool


@router.get(PLACE)
@in_fair_pool
def get_pending_removals(request: Request, session: Speaker) -> HTMLResponse:
    return respond(request, pending_removals_page(runtime_of(request), session), session)


@router.get(f"{PLACE}/{{batch_id}}")
@in_fair_pool
def get_batch(batch_id: str, request: Request, session: Speaker) -> HTMLResponse:
    shows_all = request.query_params.get("show") == "all"
    page = batch_page(runtime_of(request), session, batch_id[:LONGEST_ID], shows_all=shows_all)
    return respond(request, page, session)


@router.post(f"{PLACE}/{{batch_id}}")
def post_votes(batch_id: str, request: Request, runtime: TheRuntime, session: Speaker, fields: Fields) -> Response:
    """Vote on the ticked removals, or on all of the batch."""
    decision, batch_id = fields.get("decision", ""), batch_id[:LONGEST_ID]
    if decision not in set(Decision):
        raise Invalid("Approve or withdraw the removals.")
    action_ids = frozenset() if fields.get("all") else frozenset(ticked_rows(fields, _FIELD))
    if not fields.get("all") and not action_ids:
        raise Invalid("Tick the removals that your vote is about, or all of them.")
    reason = fields.get("reason", "")[:LONGEST_REASON]
    votes = record_votes(runtime, session.person, batch_id, action_ids, Decision(decision), reason)
    if not votes.refused:
        flash = Flash.REMOVALS_VOTED if votes.voted else _SETTLED[Decision(decision)]
        return go_to(request, f"{PLACE}/{batch_id}" if votes.voted else PLACE, flash)
    return respond(request, batch_page(runtime, session, batch_id, votes=votes), session)


_SETTLED: Final = {Decision.APPROVE: Flash.REMOVALS_APPROVED, Decision.WITHDRAW: Flash.REMOVALS_WITHDRAWN}


def pending_removals_page(runtime: Runtime, session: Session) -> StaffPage:
    batches, size = batches_of(runtime, session.person, _SHOWN)
    places = frozenset[str]().union(*(session.person.marketplaces(permission) for permission in VOTERS))
    with runtime.store.read() as connection:
        figures: dict[str, BatchFigures] = {}
        for place in {batch.marketplace_id for batch in batches}:
            ids = [batch.batch_id for batch in batches if batch.marketplace_id == place]
            figures |= approvals.batch_figures(connection, place, ids)
        still_shown = removal_checks.still_shown(connection, places, _MOST_STILL_SHOWN)
    return StaffPage(
        "pending_removals.html",
        PLACE,
        rows=[_batch_row(batch, figures.get(batch.batch_id)) for batch in batches],
        size=size,
        still_shown=still_shown,
    )


def batch_page(
    runtime: Runtime, session: Session, batch_id: str, *, shows_all: bool = False, votes: BatchVotes | None = None
) -> BatchPage:
    """The page of a batch. Raises NotFound (the person has no role in it, or nothing of it is pending)."""
    batch = batch_of(runtime, session.person, batch_id)
    removals = removals_in(runtime, session.person, batch, _MOST_SHOWN if shows_all else _SAMPLE)
    external_ids = {removal.action.external_id for removal in removals}
    with runtime.store.read() as connection:
        figures = approvals.batch_figures(connection, batch.marketplace_id, [batch_id]).get(batch_id)
        titles = listings.titles(connection, batch.marketplace_id, external_ids)
    return BatchPage(
        row=_batch_row(batch, figures),
        removals=removals,
        titles=titles,
        shows_all=len(removals) >= batch.pending,
        votes=votes,
        may_approve=any(removal.no_vote is None and removal.no_approval is None for removal in removals),
    )


def _batch_row(batch: PendingBatch, figures: BatchFigures | None) -> BatchRow:
    if figures is None:
        return BatchRow(batch, 0, "")
    amounts = [
        words.amount(Decimal(minor_units).scaleb(-exponent(currency)), currency)
        for currency, minor_units in sorted(figures.minor_units.items())
    ]
    return BatchRow(batch, figures.sellers, ", ".join(amounts))
