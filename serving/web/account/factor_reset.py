"""The reset of a user's second factor by an administrator, from the user's page."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.errors import Conflict, Forbidden, Invalid
from serving.accounts.service.guessing import TooManyAttempts
from serving.administration.service.second_factors import reset
from serving.guards import Administrator, runtime_of
from serving.web.account.person_page import refused_page
from serving.web.account.second_factor_page import password_of
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, Fields

router = APIRouter(include_in_schema=False)


@router.post("/people/{user_id}/second-factor/reset")
def post_factor_reset(user_id: str, request: Request, session: Administrator, fields: Fields) -> Response:
    """Remove every second factor of a user who has lost them."""
    try:
        reset(runtime_of(request), session, user_id[:LONGEST_ID], password_of(fields))
    except (Conflict, Forbidden, Invalid, TooManyAttempts) as refused:
        return refused_page(request, session, user_id, refused)
    return go_to(request, f"/people/{user_id}", Flash.FACTOR_RESET)
