"""Strikes, sanctions, lists and risk of sellers for tools; the page of sellers does the same with forms."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from models.messages.english import in_english
from models.seller_lists import Entry, SellerList
from models.strikes import Count
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.learning import marketplace_for
from serving.api.people import Body
from serving.api.requests.after import After
from serving.api.requests.repeating import Repeatable
from serving.guards import may, runtime_of
from serving.platform.database.pages import cut
from serving.sellers.service.sanctioning import PAGE, Sanctioned, count_of, in_force, lift, speak, undecided
from serving.sellers.service.seller_listing import check_lister, put_on_list, take_off_list
from serving.sellers.service.seller_risk import one_answer, riskiest_answer
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


@router.get("/api/v1/sellers/{seller:path}/strikes")
def get_strikes(seller: str, request: Request, session: Reviewer) -> dict[str, Any]:
    """The current strikes of a seller by incident, and the removals that do not count."""
    runtime = runtime_of(request)
    here = marketplace_for(runtime, session.person, Permission.REVIEW_CASES).marketplace_id
    with runtime.store.read() as connection:
        return strikes_answer(seller, count_of(runtime, connection, here, seller[:200], runtime.clock.now()))


@router.get("/api/v1/sanctions")
def get_sanctions(
    request: Request, session: Speaker, undecided_after: After = None, in_force_after: After = None
) -> dict[str, Any]:
    """The undecided sanctions, the longest waiting first, and those in force; a page has at most 500 of each."""
    runtime, person = runtime_of(request), session.person
    pages = {
        "undecided": undecided(runtime, person, undecided_after),
        "in_force": in_force(runtime, person, in_force_after),
    }
    return {name: [_sanction(one) for one in page] for name, page in pages.items()} | {
        f"next_{name}": page[-1].sanction.sanction_id if len(page) == PAGE else None for name, page in pages.items()
    }


@router.post("/api/v1/sanctions/{sanction_id}/voices", status_code=201)
def post_vote(sanction_id: str, body: VoteBody, request: Request, session: Speaker) -> dict[str, str]:
    """Agree to a sanction or refuse it; two people of two organisations must agree, and one refusal ends it."""
    runtime, person = runtime_of(request), session.person
    state = speak(runtime, person, sanction_id, agrees=body.agrees, reason=body.reason)
    return {"state": state.value}


@router.post("/api/v1/sanctions/{sanction_id}/lift", status_code=201)
def post_lift(sanction_id: str, body: LiftBody, request: Request, session: Speaker) -> dict[str, str]:
    """End a sanction that is in force; the marketplace is asked to restore the seller."""
    lift(runtime_of(request), session.person, sanction_id, body.reason)
    return {"state": "lifted"}


@router.get("/api/v1/seller-lists")
def get_lists(request: Request, session: Lister, after: After = None) -> dict[str, Any]:
    """The entries in force, the newest first; a page has at most a thousand."""
    runtime, person = runtime_of(request), session.person
    places = person.marketplaces(Permission.REVIEW_CASES) | person.marketplaces(Permission.ADMINISTER)
    with runtime.store.read() as connection:
        entries = seller_lists.in_force(connection, places, runtime.clock.now(), _MOST + 1, after)
    page, following = cut(entries, _MOST, lambda row: row[2])
    return {"entries": [entry_answer(one) for _, one, _ in page], "next": following}


@router.post("/api/v1/seller-lists", status_code=201)
def post_entry(body: EntryBody, request: Request, session: Lister) -> dict[str, Any]:
    """Put a seller on a list, in place of a current entry."""
    runtime, here = runtime_of(request), _where(request, session)
    check_lister(session.person, here, body.list)
    entry = put_on_list(
        runtime,
        here,
        body.seller,
        body.list,
        reason=body.reason,
        days=body.days,
        by=session.person.actor,
    )
    return entry_answer(entry)


@router.delete("/api/v1/seller-lists/{seller:path}")
def delete_entry(seller: str, request: Request, session: Lister) -> dict[str, str]:
    """Take a seller off the list that it is on."""
    by = session.person.actor
    take_off_list(runtime_of(request), _where(request, session), seller[:200], by=by)
    return {"seller": seller}


def strikes_answer(seller: str, found: Count) -> dict[str, Any]:
    """A count as JSON."""
    return {
        "seller": seller,
        "total": found.total,
        "reasons": list(map(in_english, found.reasons)),
        "incidents": [
            {
                "kind": one.kind.value,
                "weight": one.weight,
                "began_at": one.began_at.isoformat(),
                "spent_at": one.spent_at.isoformat(),
                "removals": [hit.action_id for hit in one.hits],
            }
            for one in found.incidents
        ],
    }


def entry_answer(one: Entry) -> dict[str, Any]:
    """An entry of a list as JSON."""
    return {
        "seller": one.seller,
        "list": one.which.value,
        "reason": one.reason,
        "added_by": one.added_by,
        "added_at": one.added_at.isoformat(),
        "expires_at": one.expires_at.isoformat(),
    }


def _where(request: Request, session: Session) -> str:
    kept = Permission.REVIEW_CASES if session.person.may(Permission.REVIEW_CASES) else Permission.ADMINISTER
    return marketplace_for(runtime_of(request), session.person, kept).marketplace_id


def _sanction(one: Sanctioned) -> dict[str, Any]:
    found = one.sanction
    return {
        "sanction_id": found.sanction_id,
        "seller": found.seller_external_id,
        "measure": found.measure.value,
        "cause": found.cause.value,
        "state": found.state.value,
        "path": found.path,
        "reasons": list(found.reasons),
        "strikes_now": one.count.total,
        "linked": list(found.linked),
        "proposed_at": found.proposed_at.isoformat(),
        "due_at": found.due_at.isoformat() if found.due_at else None,
        "said": [{"organisation": text.organisation, "agrees": text.agrees} for text in one.votes],
    }


@router.get("/api/v1/seller-risks")
def get_riskiest(request: Request, session: Reviewer, most: int = 100, after: After = None) -> dict[str, Any]:
    """Sellers with a percentile, the riskiest first; a page has at most 500."""
    runtime = runtime_of(request)
    found = marketplace_for(runtime, session.person, Permission.REVIEW_CASES)
    with runtime.store.read() as connection:
        return riskiest_answer(connection, found.marketplace_id, min(max(most, 1), 500), after)


@router.get("/api/v1/seller-risks/{seller:path}")
def get_seller_risk(seller: str, request: Request, session: Reviewer) -> dict[str, Any]:
    """One seller's figures, with an explanation."""
    runtime = runtime_of(request)
    found = marketplace_for(runtime, session.person, Permission.REVIEW_CASES)
    with runtime.store.read() as connection:
        return one_answer(runtime, connection, found.marketplace_id, seller)
