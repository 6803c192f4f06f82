"""Removals pending approval, alerts and kill switches, for tools; a page does the same with forms."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from models.messages.english import in_english
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.people import Body
from serving.api.requests.after import After
from serving.api.requests.repeating import Repeatable
from serving.guards import may, runtime_of
from serving.marketplaces.store import kill_switches
from serving.review.service.removal_approvals import VOTERS, page_of_pending, speak
from serving.takedowns.rules.approval import Decision
from serving.takedowns.store import alerts

router = APIRouter(route_class=Repeatable)
Speaker = Annotated[Session, may(*VOTERS, Permission.ANSWER_QUESTIONS)]
Watcher = Annotated[Session, may(*VOTERS)]


class DecisionBody(Body):
    """The person's decision on a removal pending approval, and its reason."""

    decision: Decision = Field(strict=False)
    reason: str = Field(max_length=500)


@router.get("/api/v1/held-removals")
def get_pending_removals(request: Request, session: Speaker, after: After = None) -> dict[str, Any]:
    """The pending removals on which the person may decide, the longest waiting first; a page has at most 500."""
    page, following = page_of_pending(runtime_of(request), session.person, after)
    return {
        "next": following,
        "held": [
            {
                "action_id": one.action.action_id,
                "listing_external_id": one.action.external_id,
                "held_at": one.hold.pending_since.isoformat(),
                "reasons": [in_english(hold.message) for hold in one.reasons],
                "no_word": None if one.no_vote is None else str(one.no_vote),
                "no_release": None if one.no_approval is None else str(one.no_approval),
                "said": [
                    {
                        "organisation": vote.organisation,
                        "decision": vote.decision.value,
                        "left_out": left_out.get(vote.user_id),
                    }
                    for vote in one.votes
                ],
            }
            for one in page
            for left_out in [{user_id: in_english(why) for user_id, why in one.left_out.items()}]
        ],
    }


@router.post("/api/v1/held-removals/{action_id}/opinions", status_code=201)
def post_decision(action_id: str, body: DecisionBody, request: Request, session: Speaker) -> dict[str, Any]:
    """Decide on a removal pending approval; `settled_as` is null until enough people agree."""
    runtime = runtime_of(request)
    agreed = speak(runtime, session.person, action_id, body.decision, body.reason)
    return {"settled_as": agreed.value if agreed else None}


@router.get("/api/v1/alerts")
def get_alerts(request: Request, session: Watcher) -> dict[str, Any]:
    """The open alerts, the oldest first, and the automatic rules that are switched off."""
    person = session.person
    places = frozenset().union(
        *(person.marketplaces(one) for one in (Permission.REVIEW_CASES, Permission.LOOK_AFTER_BRANDS)),
        person.marketplaces(Permission.ADMINISTER),
    )
    with runtime_of(request).store.read() as connection:
        raised, off = alerts.standing(connection, places), kill_switches.switched_off(connection, places)
    return {
        "alerts": [
            {"cause": one.cause.value, "sentence": one.sentence, "raised_at": one.raised_at.isoformat()}
            for one in raised
        ],
        "switched_off": [
            {"rule": one.rule.value, "reason": one.reason, "off_since": one.off_since.isoformat()} for one in off
        ],
    }
