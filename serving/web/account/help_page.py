"""The help page: onboarding lists of the reader's roles, keyboard shortcuts, and the glossary."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import NotFound
from serving.accounts.rules.access import Role, roles
from serving.accounts.store import display_settings as seen_onboarding
from serving.guards import Anyone, runtime_of
from serving.web.flash import go_to
from serving.web.forms import Fields, local_path
from serving.web.onboarding import ONBOARDING_OF, Onboarding
from serving.web.rendering import StaffPage, respond
from serving.web.wording.glossary import TERMS

router = APIRouter(include_in_schema=False)


@router.get("/help")
def get_help(request: Request, session: Anyone) -> HTMLResponse:
    own_roles = roles(session.person.grants)
    page = StaffPage("help.html", "/help", guides=tuple(ONBOARDING_OF[role] for role in own_roles), terms=TERMS)
    return respond(request, page, session)


@router.post("/help/onboarding/{role}/seen")
def post_seen(role: str, request: Request, session: Anyone, fields: Fields) -> Response:
    """Dismiss an onboarding list and return to the page that showed it."""
    guide, runtime = _onboarding_of_role(role), runtime_of(request)
    with runtime.store.write() as connection:
        seen_onboarding.dismiss_list(connection, session.person.user_id, guide.role, runtime.clock.now())
    return go_to(request, local_path(request, fields.get("next")))


@router.post("/help/onboarding/{role}/again")
def post_again(role: str, request: Request, session: Anyone) -> Response:
    """Show an onboarding list again, on the page that it describes."""
    guide = _onboarding_of_role(role)
    with runtime_of(request).store.write() as connection:
        seen_onboarding.restore_list(connection, session.person.user_id, guide.role)
    return go_to(request, guide.place)


def _onboarding_of_role(role: str) -> Onboarding:
    if role not in set(Role):
        raise NotFound("This introduction does not exist. Choose one on the help page.")
    return ONBOARDING_OF[Role(role)]
