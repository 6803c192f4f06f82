"""Mails to people and notifiers: their state and text. Links that open an account are left out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.guards import may, runtime_of
from serving.mail.rules.kinds import MailState
from serving.mail.service.rendering import written
from serving.mail.service.wording import NAMES
from serving.mail.store import mails
from serving.mail.store.mails import StoredMail
from serving.platform.ids import has_form
from serving.platform.runtime import Runtime
from serving.web import text_view
from serving.web.at_marketplace import AtMarketplace, PlaceScope, scope_of
from serving.web.rendering import respond
from serving.web.text_view import Shown
from serving.web.wording import words

router = APIRouter(include_in_schema=False)
Administrator = Annotated[Session, may(Permission.ADMINISTER)]
PLACE: Final = "/operations/mail"
_SHOWN: Final = 100
_STATES: Final = {
    MailState.QUEUED: ("Queued", "v-w"),
    MailState.SENT: ("Sent", "v-g"),
    MailState.KEPT: ("Kept", ""),
    MailState.FAILED: ("Failed", "v-c"),
    MailState.DROPPED: ("Not sent", ""),
}


@dataclass(frozen=True, slots=True)
class StateLink:
    """A state, its number of mails, and whether it is selected."""

    value: str
    text: str
    number: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail: when it was queued, to whom, its kind and state, and the last error."""

    mail_id: str
    when: str
    to: Shown
    kind: str
    state: str
    tone: str
    attempts: int
    next_at: str
    error: Shown


@dataclass(frozen=True, slots=True)
class ReadMail:
    """The mail that is read, in the language of its reader."""

    row: MailRow
    subject: Shown
    text: Shown
    language: str
    message_id: str


@dataclass(frozen=True, slots=True)
class MailPage(AtMarketplace):
    """The page; `folder` is where mails are kept, empty where a server sends them."""

    template: ClassVar[str] = "mail.html"
    place: ClassVar[str] = "/operations"

    folder: str
    total: str
    states: tuple[StateLink, ...]
    rows: tuple[MailRow, ...]
    most: int
    read: ReadMail | None


@router.get(PLACE)
def get_mail(
    request: Request, session: Administrator, state: str | None = None, mail: str | None = None
) -> HTMLResponse:
    """The page."""
    runtime = runtime_of(request)
    scope = scope_of(runtime, session.person, Permission.ADMINISTER, request.query_params)
    administered = session.person.marketplaces(Permission.ADMINISTER)
    chosen = MailState(state) if state in set(MailState) else None
    read = mail if mail is not None and has_form(mail, "mai") else None
    return respond(request, mail_page(runtime, scope, administered, chosen, read), session)


def mail_page(
    runtime: Runtime, scope: PlaceScope, administered: Collection[str], state: MailState | None, mail_id: str | None
) -> MailPage:
    """The content of the page. Raises NotFound (there is no such mail, or it is not the administrator's to read)."""
    here, now = scope.marketplace_id, runtime.clock.now()
    with runtime.store.read() as connection:
        counted = mails.by_state(connection, here, administered)
        found = mails.latest(connection, here, administered, state=state, most=_SHOWN)
        read = None if mail_id is None else mails.seen(connection, here, administered, mail_id)
    return MailPage(
        scope=scope,
        folder="" if runtime.settings.smtp_host else str(runtime.home.mails),
        total=f"{sum(counted.values()):,}",
        states=tuple(
            StateLink(one.value, _STATES[one][0], f"{number:,}", one is state)
            for one, number in counted.items()
            if number
        ),
        rows=tuple(_row(one, now) for one in found),
        most=_SHOWN,
        read=None if read is None else _read(runtime, read, now),
    )


def _row(one: StoredMail, now: datetime) -> MailRow:
    text, tone = _STATES[one.state]
    return MailRow(
        mail_id=one.mail_id,
        when=words.moment(one.queued_at, now),
        to=text_view.show(one.address or one.name or ""),
        kind=NAMES[one.kind],
        state=text,
        tone=tone,
        attempts=one.attempts,
        next_at=words.moment(one.due_at, now) if one.due_at is not None and one.attempts else "",
        error=text_view.show(one.last_error or ""),
    )


def _read(runtime: Runtime, one: StoredMail, now: datetime) -> ReadMail:
    texts = written(runtime, one, with_secret=False)
    return ReadMail(
        row=_row(one, now),
        subject=text_view.show(texts.subject),
        text=text_view.show(texts.text),
        language=one.display.language,
        message_id=one.message_id,
    )
