"""Messages between a brand and its account manager; each message is kept until an authorised person erases it."""

import re
import unicodedata
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from models.errors import Conflict, Invalid, NotFound
from serving.accounts.rules.access import Permission, Person
from serving.audit.store import audit
from serving.brands.rules.authorisation import MessageSide
from serving.brands.store import brand_messages, brands
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime

LONGEST: Final = 4_000
# A person who sends more in an hour is a script, or needs the telephone.
_MOST_AN_HOUR: Final = 30
_LINES: Final = re.compile(r"\n{3,}")


def managed_pairs(connection: Connection, person: Person) -> frozenset[Pair]:
    """(marketplace, brand) pairs that a person is account manager of."""
    return frozenset(
        (place, brand_id)
        for place in person.marketplaces(Permission.MANAGE_BRANDS)
        for brand_id, enrolment in brands.enrolments(connection, place).items()
        if enrolment.account_manager_id == person.user_id
    )


def side_of(connection: Connection, person: Person, pair: Pair) -> MessageSide:
    """The side of a brand's thread that a person is on. Raises NotFound (the person is on neither side)."""
    if pair in person.brands(Permission.ANSWER_QUESTIONS):
        return MessageSide.BRAND
    if pair in managed_pairs(connection, person):
        return MessageSide.MANAGER
    raise NotFound("There is no such brand.")


def write(runtime: Runtime, person: Person, pair: Pair, text: str) -> str:
    """Store a message; returns its id. Writing marks the earlier messages as read.

    Raises NotFound, Invalid, Conflict (it is not their brand; the message is empty or too long; they wrote too many
    within an hour).
    """
    sentence, now = _clean_text(text), runtime.clock.now()
    message_id = runtime.ids.new("msg")
    with runtime.store.write() as connection:
        side = side_of(connection, person, pair)
        if brand_messages.count_since(connection, pair, person.user_id, now - timedelta(hours=1)) >= _MOST_AN_HOUR:
            raise Conflict("You can send at most {most} messages an hour. Send this one later.", most=_MOST_AN_HOUR)
        row = {
            "marketplace_id": pair[0],
            "message_id": message_id,
            "brand_id": pair[1],
            "side": side.value,
            "user_id": person.user_id,
            "text": sentence,
            "known_at": now,
            "erased_at": None,
        }
        brand_messages.add_message(connection, row)
        brand_messages.mark_read(connection, pair, person.user_id, now)
    return message_id


def erase(runtime: Runtime, person: Person, pair: Pair, message_id: str) -> None:
    """Erase a message, by its writer or by the account manager, whom a brand asks for it.

    Raises NotFound (there is no such message, or the person may not erase it).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        manages = side_of(connection, person, pair) is MessageSide.MANAGER
        brand_messages.erase(connection, pair, message_id, now, by=None if manages else person.user_id)
        audit.record(connection, now, pair[0], person.actor, "brand_message.erased", message_id, brand_id=pair[1])


def mark_read(runtime: Runtime, person: Person, pair: Pair) -> None:
    """Mark a person's thread as read; writes only where a message was unread."""
    with runtime.store.read() as connection:
        if not unread_count(connection, person, [pair], side_of(connection, person, pair)):
            return
    with runtime.store.write() as connection:
        brand_messages.mark_read(connection, pair, person.user_id, runtime.clock.now())


def unread_count(connection: Connection, person: Person, pairs: Collection[Pair], side: MessageSide) -> int:
    """The number of messages to this side that a person has not read."""
    return sum(brand_messages.unread_counts(connection, pairs, person.user_id, side).values())


def _clean_text(text: str) -> str:
    """A message as it is stored: composed Unicode, no control characters, at most one empty line in a row.

    Raises Invalid (the text is empty or too long).
    """
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    cleaned_text = "".join(
        character
        for character in plain
        if character == "\n" or unicodedata.category(character) not in {"Cc", "Cs", "Co", "Cn"}
    )
    sentence = _LINES.sub("\n\n", cleaned_text).strip()
    if not sentence:
        raise Invalid("The message is empty.")
    if len(sentence) > LONGEST:
        raise Invalid(
            "A message can have at most {most:,} characters; this one has {n:,}.", most=LONGEST, n=len(sentence)
        )
    return sentence
