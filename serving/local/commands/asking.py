"""What commands have in common: the marketplace, who asks, moments and spans."""

from datetime import UTC, datetime, timedelta
from typing import Final

from models.errors import Forbidden, Invalid
from serving.accounts.rules.access import Permission
from serving.accounts.store import accounts
from serving.learning.service.promote import LOCAL
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime

BY: Final = LOCAL
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(text: str) -> datetime:
    """A moment with its offset; a day alone begins at midnight UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text} is no moment such as 2026-03-01 or 2026-03-01T12:00:00+01:00.") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def place_named(runtime: Runtime, marketplace: str | None) -> marketplaces.Marketplace:
    """The marketplace of that name, or the only one."""
    with runtime.store.read() as connection:
        return marketplaces.by_name(connection, marketplace)


def administrator(runtime: Runtime, by: str | None, marketplace: str | None) -> tuple[marketplaces.Marketplace, str]:
    """The marketplace, and who administers it there."""
    place = place_named(runtime, marketplace)
    return place, actor_named(runtime, by, place.marketplace_id, Permission.ADMINISTER)


def span_of(
    runtime: Runtime, since: str | None, until: str | None, marketplace: str | None
) -> tuple[marketplaces.Marketplace, datetime, datetime]:
    """From the beginning and through this moment, unless it is said otherwise; the end is not included."""
    found = place_named(runtime, marketplace)
    begins = _BEGINNING if since is None else moment_of(since)
    ends = runtime.clock.now() + timedelta(microseconds=1) if until is None else moment_of(until)
    if ends <= begins:
        raise Invalid("The span ends before it begins.")
    return found, begins, ends


def actor_named(runtime: Runtime, email: str | None, marketplace_id: str, permission: Permission) -> str:
    """The actor that an e-mail names; whoever owns the home may speak for the people in it.

    Raises
    ------
    NotFound, Forbidden
        There is no such account, or its role does not include this.
    """
    if email is None:
        return BY
    with runtime.store.read() as connection:
        person = accounts.person(connection, accounts.user_id_by_email(connection, email))
    if marketplace_id not in person.marketplaces(permission):
        raise Forbidden(f"The role of {email} does not include this.")
    return f"user:{person.user_id}"


def promoter(runtime: Runtime, by: str | None, marketplace: str | None) -> tuple[marketplaces.Marketplace, str]:
    """The marketplace, and who may promote models there."""
    place = place_named(runtime, marketplace)
    return place, actor_named(runtime, by, place.marketplace_id, Permission.PROMOTE_MODELS)
