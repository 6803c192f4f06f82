"""What a brand has on file is changed by those of its people whom the marketplace lets, and by nobody's agent."""

from sqlalchemy import Connection

from models.access import Permission, Person
from models.errors import Forbidden, NotFound
from serving.db import rights

AGENT = "You act by a power of attorney. What the brand has on file is changed by its own people."
NOT_LEADING = "Your account reads this and does not change it. Your account manager says who of your brand may."


def objection(connection: Connection, person: Person, pair: tuple[str, str]) -> str | None:
    """Why a person may not change what a brand has on file; None where they may. `pair` is (marketplace, brand).

    An agent may not even where the marketplace once let it: whoever acts within limits does not set them.
    """
    if pair not in person.brands(Permission.LEAD_BRAND):
        return NOT_LEADING
    return AGENT if rights.mandates_of(connection, pair[1], person.user_id) else None


def require_lead(connection: Connection, person: Person, pair: tuple[str, str]) -> str:
    """Let nobody change what a brand has on file who may not; returns how the audit log names who may.

    Raises
    ------
    NotFound
        They do not speak for this brand here.
    Forbidden
        They speak for it and may not change this.
    """
    if pair not in person.brands(Permission.ANSWER_QUESTIONS):
        raise NotFound("There is no such brand.")
    why_not = objection(connection, person, pair)
    if why_not is not None:
        raise Forbidden(why_not)
    return f"user:{person.user_id}"
