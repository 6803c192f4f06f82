"""Rights of brands."""

from fastapi import APIRouter, Request

from serving.accounts.rules.access import Permission
from serving.api.answers import Answer, Moment, read_from
from serving.brands.store import rights
from serving.guards import Answerer, runtime_of

router = APIRouter()


class Right(Answer):
    """A right of a brand at one marketplace."""

    right_id: str = read_from("right.right_id")
    marketplace_id: str
    kind: str = read_from("right.kind")
    title: str = read_from("right.title")
    office: str | None = read_from("right.office")
    number: str | None = read_from("right.number")
    state: str = read_from("right.state")
    expires_at: Moment | None = read_from("right.expires_at")


class Rights(Answer):
    """The rights of one's own brands."""

    rights: list[Right]


@router.get("/api/v1/rights")
def get_rights(request: Request, session: Answerer) -> Rights:
    """The rights of one's own brands, in the order in which they were supplied; each is of one marketplace."""
    pairs = sorted(session.person.brands(Permission.ANSWER_QUESTIONS))
    with runtime_of(request).store.read() as connection:
        claimed_rights = [right for pair in pairs for right in rights.rights_of(connection, pair)]
    claimed_rights.sort(key=lambda right: (right.claimed_at, right.right.right_id))
    return Rights(rights=claimed_rights)
