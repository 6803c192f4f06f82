"""Removals pending approval, and alerts."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.answers import Answer, Moment, Page, Sentence
from serving.api.people import Body
from serving.api.requests.moments import After
from serving.api.requests.repeating import RepeatableRoute
from serving.cases.service import removal_approvals
from serving.cases.service.removal_approvals import VOTERS, page_of_pending, record_vote
from serving.guards import TheRuntime, may, runtime_of
from serving.marketplaces.store import kill_switches
from serving.takedowns.rules.approval import Decision
from serving.takedowns.store import alerts

router = APIRouter(route_class=RepeatableRoute)
Speaker = Annotated[Session, may(*VOTERS, Permission.ANSWER_QUESTIONS)]
Watcher = Annotated[Session, may(*VOTERS)]


class DecisionBody(Body):
    """The person's decision on a removal pending approval, and its reason."""

    decision: Decision = Field(strict=False)
    reason: str = Field(max_length=500)


class PendingVote(Answer):
    """A vote on a pending removal, and why it does not count."""

    organisation: str
    decision: str
    left_out: Sentence | None


class PendingRemoval(Answer):
    """A removal pending approval."""

    action_id: str
    listing_external_id: str
    pending_since: Moment
    reasons: list[Sentence]
    no_vote: Sentence | None
    no_approval: Sentence | None
    votes: list[PendingVote]


class PendingRemovals(Page):
    """The pending removals on which the person may decide."""

    pending: list[PendingRemoval]


class ApprovalOutcome(Answer):
    """The decision, once enough people agree."""

    settled_as: str | None


class Alert(Answer):
    """An open alert."""

    cause: str
    sentence: str
    raised_at: Moment


class DisabledRule(Answer):
    """An automatic rule that is switched off."""

    rule: str
    reason: str
    off_since: Moment


class Alerts(Answer):
    """Open alerts and rules that are switched off."""

    alerts: list[Alert]
    switched_off: list[DisabledRule]


@router.get("/api/v1/pending-removals")
def get_pending_removals(request: Request, session: Speaker, after: After = None) -> PendingRemovals:
    """The pending removals on which the person may decide, the longest waiting first; a page has at most 500."""
    page, following = page_of_pending(runtime_of(request), session.person, after)
    return PendingRemovals(next=following, pending=list(map(_removal_answer, page)))


def _removal_answer(removal: removal_approvals.PendingRemoval) -> PendingRemoval:
    return PendingRemoval(
        action_id=removal.action.action_id,
        listing_external_id=removal.action.external_id,
        pending_since=removal.approval.pending_since,
        reasons=[reason.message for reason in removal.reasons],
        no_vote=removal.no_vote,
        no_approval=removal.no_approval,
        votes=[
            PendingVote(
                organisation=vote.organisation, decision=vote.decision, left_out=removal.left_out.get(vote.user_id)
            )
            for vote in removal.votes
        ],
    )


@router.post("/api/v1/pending-removals/{action_id}/votes", status_code=201)
def post_decision(action_id: str, body: DecisionBody, runtime: TheRuntime, session: Speaker) -> ApprovalOutcome:
    """Decide on a removal pending approval; `settled_as` is null until enough people agree."""
    agreed = record_vote(runtime, session.person, action_id, body.decision, body.reason)
    return ApprovalOutcome(settled_as=agreed)


@router.get("/api/v1/alerts")
def get_alerts(request: Request, session: Watcher) -> Alerts:
    """The open alerts, the oldest first, and the automatic rules that are switched off."""
    person = session.person
    places = frozenset().union(
        *(person.marketplaces(permission) for permission in (Permission.REVIEW_CASES, Permission.MANAGE_BRANDS)),
        person.marketplaces(Permission.ADMINISTER),
    )
    with runtime_of(request).store.read() as connection:
        raised, off = alerts.open_alerts(connection, places), kill_switches.rules_off(connection, places)
    return Alerts(alerts=raised, switched_off=off)
