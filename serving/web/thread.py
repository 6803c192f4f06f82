"""The thread between a brand and its account manager, for either side."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from serving.accounts.rules.access import Person
from serving.brands.rules.authorisation import MessageSide
from serving.brands.service.brand_messages import LONGEST
from serving.brands.store import brand_messages
from serving.brands.store.brand_messages import Message
from serving.platform.database.scope import Pair
from serving.platform.tongues import N_, say
from serving.web import text_view
from serving.web.text_view import ShownText
from serving.web.wording import words

_SHOWN: Final = 100
_SIDES: Final = {MessageSide.BRAND: N_("brand"), MessageSide.MANAGER: N_("account manager")}


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message; `text` is None once it is erased. `mine` is whether the reader's side wrote it."""

    message_id: str
    who: str
    side: str
    when: str
    text: ShownText | None
    mine: bool
    can_erase: bool


@dataclass(frozen=True, slots=True)
class Thread:
    """The latest messages, the oldest first; `more` is whether there are earlier ones."""

    lines: tuple[MessageLine, ...]
    more: bool
    longest: int
    typed: str
    error: str | None


def thread_of(
    connection: Connection,
    person: Person,
    pair: Pair,
    side: MessageSide,
    now: datetime,
    *,
    typed: str = "",
    error: str | None = None,
) -> Thread:
    """The thread of a brand for one of its two sides."""
    messages = brand_messages.thread(connection, pair, _SHOWN + 1)
    lines = tuple(_message_line(message, person, side, now) for message in reversed(messages[:_SHOWN]))
    return Thread(lines, len(messages) > _SHOWN, LONGEST, typed, error)


def _message_line(message: Message, person: Person, side: MessageSide, now: datetime) -> MessageLine:
    may = side is MessageSide.MANAGER or message.user_id == person.user_id
    return MessageLine(
        message_id=message.message_id,
        who=message.name,
        side=say(_SIDES[message.side]),
        when=words.moment(message.known_at, now),
        text=None if message.text is None else text_view.show(message.text),
        mine=message.side is side,
        can_erase=may and message.text is not None,
    )
