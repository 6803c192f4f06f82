"""Numbers of unread messages for the navigation."""

from collections.abc import Mapping

from serving.accounts.rules.access import Permission, Person
from serving.brands.rules.message_side import MessageSide
from serving.brands.service.brand_messages import looked_after, unread_of
from serving.cases.store.case_notes import unseen
from serving.platform.runtime import Runtime

BRAND = "/brand/messages"
MANAGER = "/brands"
NOTES = "/notes"


def unread_behind(runtime: Runtime, person: Person) -> Mapping[str, int]:
    """Unread messages by the address of the entry; empty for people without a thread."""
    pairs = person.brands(Permission.ANSWER_QUESTIONS)
    manages = person.may(Permission.LOOK_AFTER_BRANDS)
    reviewed = person.marketplaces(Permission.REVIEW_CASES)
    if not pairs and not manages and not reviewed:
        return {}
    with runtime.store.read() as connection:
        found = {BRAND: unread_of(connection, person, pairs, MessageSide.BRAND)} if pairs else {}
        if reviewed:
            found[NOTES] = unseen(connection, person.user_id, reviewed)
        if manages:
            found[MANAGER] = unread_of(connection, person, looked_after(connection, person), MessageSide.MANAGER)
    return found
