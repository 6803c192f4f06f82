"""Mails to people and notifiers: their state and text. Links that open an account are left out."""

from collections.abc import Collection
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.accounts.rules.access import Permission
from serving.guards import Administrator, TheRuntime
from serving.mail.rules.kinds import MailState
from serving.mail.service.rendering import render
from serving.mail.service.wording import NAMES
from serving.mail.store import mails
from serving.platform.ids import has_form
from serving.platform.runtime import Runtime
from serving.web.at_marketplace import PlaceScope, scope_of
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)
PLACE: Final = "/operations/mail"
_SHOWN: Final = 100


@router.get(PLACE)
def get_mail(
    request: Request, runtime: TheRuntime, session: Administrator, state: str | None = None, mail: str | None = None
) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.ADMINISTER, request.query_params)
    administered = session.person.marketplaces(Permission.ADMINISTER)
    chosen = MailState(state) if state in set(MailState) else None
    read = mail if mail is not None and has_form(mail, "mai") else None
    return respond(request, mail_page(runtime, scope, administered, chosen, read), session)


def mail_page(
    runtime: Runtime, scope: PlaceScope, administered: Collection[str], state: MailState | None, mail_id: str | None
) -> StaffPage:
    """The content of the page. Raises NotFound (there is no such mail, or it is not the administrator's to read)."""
    marketplace_id = scope.marketplace_id
    with runtime.store.read() as connection:
        mail = None if mail_id is None else mails.readable_mail(connection, marketplace_id, administered, mail_id)
        return StaffPage(
            "mail.html",
            "/operations",
            scope=scope,
            folder="" if runtime.settings.smtp_host else str(runtime.home.mails),
            counts=mails.counts_by_state(connection, marketplace_id, administered),
            chosen=state,
            mails=mails.latest_mails(connection, marketplace_id, administered, state=state, most=_SHOWN),
            names=NAMES,
            most=_SHOWN,
            read=None if mail is None else (mail, render(runtime, mail, with_secret=False)),
        )
