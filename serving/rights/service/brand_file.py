"""Changes of a brand's file: only by its users with lead rights from the marketplace, never by an agent."""

from collections.abc import Sequence

from sqlalchemy import Connection

from features.phrase import Phrase
from models.errors import Forbidden, NotFound
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store import accounts
from serving.platform.runtime import Runtime
from serving.rights import store as rights
from serving.rights.rules.rights import RightState
from serving.rights.service.rights import settle_right
from serving.rights.store import StoredRight

AGENT = Phrase(
    "You act under a power of attorney. Only the brand's own users can change its file. If yours was recorded by "
    "mistake, your account manager can void it."
)
VERIFIED_ELSEWHERE = Phrase(
    "This right was verified at another marketplace. A user with lead rights there can withdraw it."
)
NOT_LEADING = Phrase(
    "Your account can read this page but not change it. Your account manager decides which users of your brand can."
)


def objection(connection: Connection, person: Person, pair: tuple[str, str]) -> Phrase | None:
    """Why a person may not change a brand's file; None where they may. `pair` is (marketplace, brand).

    An agent may not, even with lead rights: an agent must not change the limits of its own power of attorney.
    """
    if pair not in person.brands(Permission.LEAD_BRAND):
        return NOT_LEADING
    return AGENT if rights.mandates_of(connection, pair[1], person.user_id) else None


def require_lead(connection: Connection, person: Person, pair: tuple[str, str]) -> str:
    """Refuse people who may not change a brand's file; returns the person's name in the audit log.

    Raises
    ------
    NotFound
        The person does not represent this brand here.
    Forbidden
        The person represents the brand but may not change its file.
    """
    if pair not in person.brands(Permission.ANSWER_QUESTIONS):
        raise NotFound("There is no such brand.")
    why_not = objection(connection, person, pair)
    if why_not is not None:
        raise Forbidden(why_not)
    return f"user:{person.user_id}"


def settled_elsewhere(connection: Connection, marketplace_id: str, found: Sequence[StoredRight]) -> frozenset[str]:
    """The ids of the rights that people of other marketplaces verified.

    Only there can it be withdrawn. If the verifier has no role now, or was the operator, any lead may withdraw it.
    """
    settlers = {(one.settled_by or "").removeprefix("user:") for one in found}
    places = {user_id: accounts.places_of(connection, user_id) for user_id in settlers}
    away = {user_id for user_id, some in places.items() if some and marketplace_id not in some}
    return frozenset(one.right.right_id for one in found if (one.settled_by or "").removeprefix("user:") in away)


def withdraw_right(runtime: Runtime, person: Person, pair: tuple[str, str], right_id: str) -> None:
    """Withdraw a right of the person's own brand at all marketplaces: rights belong to the brand.

    A verified right is withdrawn at the marketplace that verified it.

    Raises
    ------
    NotFound, Forbidden, Conflict
        The right is another brand's; the person has no lead rights, or another marketplace verified it; it has ended.
    """
    with runtime.store.read() as connection:
        by = require_lead(connection, person, pair)
        found = rights.get(connection, right_id)
        if found.brand_id != pair[1]:
            raise NotFound("There is no such right.")
        if settled_elsewhere(connection, pair[0], [found]):
            raise Forbidden(VERIFIED_ELSEWHERE)
    settle_right(runtime, right_id, RightState.WITHDRAWN, by=by)
