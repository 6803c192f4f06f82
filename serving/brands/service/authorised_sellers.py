"""A brand's list of authorised sellers: every change has a preview, and every entry is kept."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from features.phrase import Phrase
from models.errors import Conflict, Forbidden, Invalid, NotFound
from serving.accounts.rules.access import Person
from serving.audit.store import audit
from serving.brands.policy import AuthorisationPolicy
from serving.brands.rules.authorisation import sellers_needing_check
from serving.brands.service.brand_messages import managed_pairs
from serving.brands.store import authorised_sellers
from serving.brands.store.authorised_sellers import ListEntry
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.platform.tabular import Kind
from serving.sellers.store import strikes

LONGEST: Final = 200
# The largest network of shops of one brand on a marketplace, with a reserve.
MOST: Final = 20_000
_HEADERS: Final = frozenset({"seller", "sellers", "seller_id", "seller id", "seller_external_id", "id"})
_TOO_MANY: Final = Phrase("A list can have at most {most:,} sellers.", most=MOST)
_CELL: Final = re.compile(r"[,;\t]")
COLUMNS: Final = {
    "seller": Kind.TEXT,
    "from": Kind.MOMENT,
    "added_by": Kind.TEXT,
    "until": Kind.MOMENT,
    "taken_off_by": Kind.TEXT,
    "on_the_list": Kind.TEXT,
}


@dataclass(frozen=True, slots=True)
class Change:
    """The preview of an uploaded list: added, removed and unchanged sellers, and lines that name no seller.

    `waiting` are the sellers whose entries the brand's account manager looks at before they hold.
    """

    added: tuple[str, ...]
    ended: tuple[str, ...]
    stays: tuple[str, ...]
    refused: tuple[tuple[int, Phrase], ...]
    waiting: tuple[str, ...] = ()


def parse_sellers(text: str) -> tuple[list[str], tuple[tuple[int, Phrase], ...]]:
    """The sellers of a pasted text or file: one a line, the first cell of several; refused lines with the reason.

    >>> parse_sellers("seller,name\\nshop-1,Shop\\n\\nshop-2\\n")
    (['shop-1', 'shop-2'], ())

    Raises Invalid (there are more lines than a list may have sellers).
    """
    sellers: dict[str, None] = {}
    refused: list[tuple[int, Phrase]] = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        name = _CELL.split(line, maxsplit=1)[0].strip().strip('"')
        if not name or (number == 1 and name.lower() in _HEADERS):
            continue
        if len(sellers) + len(refused) >= MOST and name not in sellers:
            raise Invalid(_TOO_MANY)
        if len(name) > LONGEST or not name.isprintable():
            refused.append(
                (number, Phrase("An id can have at most {most} characters, all of them visible.", most=LONGEST))
            )
            continue
        sellers[name] = None
    return list(sellers), tuple(refused)


def preview_change(
    connection: Connection,
    pair: Pair,
    sellers: Collection[str],
    at: datetime,
    *,
    until: datetime | None,
    whole: bool,
    refused: tuple[tuple[int, Phrase], ...] = (),
) -> Change:
    """The changes by these sellers; `whole` is true if they are the whole list, so that all others are removed."""
    on_list = {
        list_entry.seller: list_entry
        for list_entry in authorised_sellers.list_entries(connection, pair)
        if list_entry.authorisation.holds(at)
    }
    stays = [seller for seller in sellers if seller in on_list and on_list[seller].authorisation.ended_at == until]
    staying = set(stays)
    added = [seller for seller in sellers if seller not in staying]
    ended = sorted(set(on_list) - set(sellers)) if whole else []
    return Change(tuple(added), tuple(ended), tuple(stays), refused)


def change_list(
    runtime: Runtime,
    pair: Pair,
    sellers: Collection[str],
    *,
    until: datetime | None = None,
    whole: bool = False,
    by: str,
) -> Change:
    """Put sellers on a brand's list; `whole` removes all others from it. Returns what changed.

    Raises Invalid (no seller is named, or the end is in the past) or Conflict (the list would exceed its maximum).
    """
    now = runtime.clock.now()
    if not sellers:
        raise Invalid("Name at least one seller.")
    if len(sellers) > MOST:
        raise Conflict(_TOO_MANY)
    if until is not None and until <= now:
        raise Invalid("The last day is in the past. Choose a later day.")
    with runtime.store.write() as connection:
        audit.lock(connection)
        requested_change = preview_change(connection, pair, sellers, now, until=until, whole=whole)
        change = _with_entries_to_check(runtime, connection, pair, requested_change, now)
        _store_requests(runtime, connection, pair, change.waiting, now, until=until, by=by)
        authorised_sellers.end_authorisations(connection, pair, change.ended, now, by=by)
        authorised_sellers.authorise(
            connection, marketplace_id=pair[0], brand_id=pair[1], sellers=change.added, at=now, until=until, by=by
        )
        if len(_current_entries(connection, pair, now)) > MOST:
            raise Conflict(_TOO_MANY)
        _record(runtime, connection, pair, change, by)
    return change


def _with_entries_to_check(
    runtime: Runtime, connection: Connection, pair: Pair, change: Change, at: datetime
) -> Change:
    struck = strikes.sellers_struck_for(connection, pair, change.added)
    since = at - timedelta(days=1)
    today = sum(
        list_entry.authorisation.added_at > since for list_entry in authorised_sellers.list_entries(connection, pair)
    )
    waiting = sellers_needing_check(change.added, struck, today, runtime.policies[AuthorisationPolicy])
    later = set(waiting)
    return replace(change, added=tuple(seller for seller in change.added if seller not in later), waiting=waiting)


def _store_requests(
    runtime: Runtime,
    connection: Connection,
    pair: Pair,
    sellers: Collection[str],
    at: datetime,
    *,
    until: datetime | None,
    by: str,
) -> None:
    known = {request.seller for request in authorised_sellers.open_requests(connection, pair)}
    rows = [
        {
            "marketplace_id": pair[0],
            "request_id": runtime.ids.new("asr"),
            "brand_id": pair[1],
            "seller_external_id": seller,
            "until": until,
            "asked_by": by,
            "asked_at": at,
        }
        for seller in sellers
        if seller not in known
    ]
    if rows:
        authorised_sellers.add_requests(connection, rows)


def decide_requests(
    runtime: Runtime, person: Person, pair: Pair, request_ids: Collection[str], *, accept: bool
) -> None:
    """Put sellers on a brand's list that wait for a check, or refuse them, as its account manager.

    Raises NotFound (it is not their brand), Forbidden (they asked for one of the entries themselves) or Invalid (no
    entry that waits is named).
    """
    now, by = runtime.clock.now(), person.actor
    with runtime.store.write() as connection:
        audit.lock(connection)
        if pair not in managed_pairs(connection, person):
            raise NotFound("There is no such brand.")
        waiting = authorised_sellers.open_requests(connection, pair)
        named = [request for request in waiting if request.request_id in set(request_ids)]
        if not named:
            raise Invalid("Choose at least one seller.")
        if any(request.asked_by == by for request in named):
            raise Forbidden("You asked for this entry. Somebody else must decide about it.")
        settled = [request.request_id for request in named]
        authorised_sellers.settle_requests(connection, pair[0], settled, accepted=accept, by=by)
        for until in {request.until for request in named if accept}:
            sellers = [request.seller for request in named if request.until == until]
            authorised_sellers.authorise(
                connection, marketplace_id=pair[0], brand_id=pair[1], sellers=sellers, at=now, until=until, by=by
            )
        change = Change(tuple(request.seller for request in named if accept), (), (), ())
        _record(runtime, connection, pair, change, by)


def remove_seller(runtime: Runtime, pair: Pair, seller: str, *, by: str) -> None:
    """Take one seller off a brand's list. Raises Invalid (it is not on the list)."""
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        ended = authorised_sellers.end_authorisations(connection, pair, [seller], now, by=by)
        if not ended:
            raise Invalid("This seller is not on the list.")
        _record(runtime, connection, pair, Change((), tuple(ended), (), ()), by)


def list_rows(list_entries: Collection[ListEntry], at: datetime) -> list[tuple[Any, ...]]:
    """The rows of an exported list, every entry that it ever had."""
    return [
        (
            list_entry.seller,
            list_entry.authorisation.added_at,
            list_entry.added_by,
            list_entry.authorisation.ended_at,
            list_entry.ended_by,
            "Yes" if list_entry.authorisation.holds(at) else "No",
        )
        for list_entry in list_entries
    ]


def _current_entries(connection: Connection, pair: Pair, at: datetime) -> list[ListEntry]:
    return [
        list_entry
        for list_entry in authorised_sellers.list_entries(connection, pair)
        if list_entry.authorisation.holds(at)
    ]


def _record(runtime: Runtime, connection: Connection, pair: Pair, change: Change, by: str) -> None:
    audit.record(
        connection,
        runtime.clock.now(),
        pair[0],
        by,
        "authorised_sellers.changed",
        pair[1],
        added=list(change.added),
        ended=list(change.ended),
        waiting=list(change.waiting),
    )
