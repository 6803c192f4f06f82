"""Messages that did not reach the marketplace."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.answers import Answer, Moment, Page
from serving.api.learning import marketplace_for
from serving.api.people import Body
from serving.api.requests.after import After
from serving.api.requests.repeating import Repeatable
from serving.delivery.service.dead_letters import dead_letters, replay
from serving.guards import may, runtime_of

router = APIRouter(route_class=Repeatable)
Administrator = Annotated[Session, may(Permission.ADMINISTER)]
_MOST = 1_000


class ReplayBody(Body):
    """The ids of the actions, or `all` for every dead letter."""

    actions: list[str] = Field(default_factory=list, max_length=_MOST)
    all: bool = False


class Receiver(Answer):
    """The state of the marketplace's receiver."""

    url: str
    failures: int
    failing_since: Moment | None
    paused_until: Moment | None = Field(alias="rests_until")


class DeadLetter(Answer):
    """A message whose delivery was given up."""

    action_id: str
    kind: str
    listing_external_id: str | None
    seller_external_id: str | None
    requested_listing: str | None = Field(description="Of a `listing.requested`: the listing as a brand named it.")
    sequence: int
    attempts: int
    first_sent_at: Moment | None
    last_error: str | None


class DeadLetters(Page):
    """The receiver, and the messages that did not reach it."""

    receiver: Receiver | None
    dead: list[DeadLetter]


class Replayed(Answer):
    """The messages that are sent again."""

    replayed: list[str]


@router.get("/api/v1/dead-letters", response_model=DeadLetters)
def get_dead_letters(request: Request, session: Administrator, after: After = None) -> dict[str, Any]:
    """The state of the receiver, and the latest actions whose delivery was given up; a page has at most a thousand."""
    runtime = runtime_of(request)
    return dead_letters(runtime, marketplace_for(runtime, session.person, Permission.ADMINISTER), _MOST, after)


@router.post("/api/v1/dead-letters/replay")
def post_replay(body: ReplayBody, request: Request, session: Administrator) -> Replayed:
    """Send dead letters again."""
    runtime = runtime_of(request)
    found = marketplace_for(runtime, session.person, Permission.ADMINISTER)
    by, named = f"user:{session.person.user_id}", None if body.all else body.actions
    return Replayed(replayed=replay(runtime, found, named, by=by))
