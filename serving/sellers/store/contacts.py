"""Hashes of sellers' contacts, the sellers that share them, and the sealed addresses that get sellers' mails."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, String, Table, bindparam, delete, exists, select, true, update

from features.contacts import ContactKind
from serving.listings.tables import listing_version
from serving.platform.database.erasing import count_rows, delete_some
from serving.platform.database.fast.door import KeyedQuery
from serving.platform.database.lists import list_parameter, value_table
from serving.platform.database.row_reader import reader, row_of
from serving.platform.database.scope import HERE, inside
from serving.platform.database.store import add, add_or_ignore
from serving.platform.languages import Language
from serving.sellers.policy import LinkPolicy
from serving.sellers.rules.links import Contacts, ContactSearch, Mention
from serving.sellers.tables import seller_address, seller_contact

_TABLES: Final = (seller_contact, seller_address)
_UNTIL: Final = bindparam("until", type_=seller_contact.c.known_at.type)


def run_searches(
    connection: Connection, marketplace_id: str, searches: Sequence[ContactSearch], policy: LinkPolicy
) -> None:
    """Complete all searches together: two queries per step, or one where no seller has a contact."""
    if not searches:
        return
    until = max(search.as_of for search in searches)
    contacts, read_sellers, followed = Contacts(), set[str](), set[str]()
    while frontier := {seller for search in searches for seller in search.frontier}:
        own = _contacts_of_sellers(connection, marketplace_id, frontier - read_sellers, until)
        tokens = {mention.token for mention in own} - followed
        shared = _earliest_sharers(connection, marketplace_id, tokens, until, policy.most_sellers_of_a_contact + 1)
        contacts.add((*own, *shared))
        read_sellers |= frontier
        followed |= tokens
        for search in searches:
            search.step(contacts)


def _contacts_of_sellers(
    connection: Connection, marketplace_id: str, sellers: Collection[str], until: datetime
) -> list[Mention]:
    if not sellers:
        return []
    named = sorted(sellers)
    parameters = {"here": marketplace_id, "until": until, "sellers": named, **list_parameter(connection, named)}
    return _read_mentions(connection, _own_contacts_query(connection.dialect.name), parameters)


@cache
def _own_contacts_query(dialect: str) -> KeyedQuery:
    if dialect == "postgresql":
        named = seller_contact.c.seller_external_id.in_(bindparam("sellers", expanding=True))
        own = select(seller_contact).where(inside(seller_contact, HERE), named, seller_contact.c.known_at < _UNTIL)
        return KeyedQuery(own, "sellers")
    seller_list = value_table(dialect, String())
    of_seller = inside(seller_contact, HERE, seller_external_id=seller_list.c.value) & (
        seller_contact.c.known_at < _UNTIL
    )
    return KeyedQuery(select(seller_contact).select_from(seller_list.outerjoin(seller_contact, of_seller)))


def _earliest_sharers(
    connection: Connection, marketplace_id: str, tokens: Collection[str], until: datetime, most: int
) -> list[Mention]:
    """The earliest sharers of each contact: an ordered scan of at most `most` index entries each."""
    if not tokens:
        return []
    parameters = {"here": marketplace_id, "until": until, **list_parameter(connection, sorted(tokens))}
    return _read_mentions(connection, _sharers_query(connection.dialect.name, most), parameters)


@cache
def _sharers_query(dialect: str, most: int) -> KeyedQuery:
    """By LATERAL on PostgreSQL, which SQLite lacks; there a correlated IN bounds the same scan."""
    token_list = value_table(dialect, String())
    inner = seller_contact.alias("inner_contact")
    earliest = (
        select(inner)
        .where(inside(inner, HERE, token=token_list.c.value), inner.c.known_at < _UNTIL)
        .order_by(inner.c.known_at, inner.c.seller_external_id)
        .limit(most)
        .correlate(token_list)
    )
    if dialect == "postgresql":
        side = earliest.lateral("earliest")
        return KeyedQuery(select(side).select_from(token_list.join(side, true())))
    is_earliest = inside(seller_contact, HERE, token=token_list.c.value) & seller_contact.c.seller_external_id.in_(
        earliest.with_only_columns(inner.c.seller_external_id)
    )
    return KeyedQuery(select(seller_contact).select_from(token_list.outerjoin(seller_contact, is_earliest)))


def _read_mentions(connection: Connection, query: KeyedQuery, parameters: Mapping[str, Any]) -> list[Mention]:
    return [
        Mention(row.token, ContactKind(row.kind), row.seller_external_id, row.known_at)
        for row in query.rows(connection, parameters)
        if row.token is not None
    ]


def tokens_of(connection: Connection, marketplace_id: str, sellers: Collection[str]) -> dict[str, set[str]]:
    """The hashes of these sellers' contacts."""
    query = select(seller_contact.c.seller_external_id, seller_contact.c.token).where(
        seller_contact.c.marketplace_id == marketplace_id, seller_contact.c.seller_external_id.in_(sorted(sellers))
    )
    tokens_by_seller: dict[str, set[str]] = {}
    for row in connection.execute(query):
        tokens_by_seller.setdefault(row.seller_external_id, set()).add(row.token)
    return tokens_by_seller


def key_in_use(connection: Connection) -> str | None:
    """The id of the key of all stored hashes; None where there are none."""
    key_id: str | None = connection.execute(select(seller_contact.c.key_id).limit(1)).scalar()
    return key_id


def add_contacts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store hashes of contacts; known contacts of a seller stay unchanged."""
    add_or_ignore(connection, seller_contact, rows)


@dataclass(frozen=True, slots=True)
class SealedAddress:
    """The sealed address of a seller, and the language in which the seller reads."""

    address: str
    language: Language


def set_address(connection: Connection, marketplace_id: str, seller: str, sealed: SealedAddress, at: datetime) -> None:
    """Store the address of a seller in place of the one before."""
    _erase_address(connection, marketplace_id, seller)
    row = {"marketplace_id": marketplace_id, "seller_external_id": seller, **row_of(sealed), "known_at": at}
    add(connection, seller_address, [row])


def address_of(connection: Connection, marketplace_id: str, seller: str) -> SealedAddress | None:
    query = select(seller_address).where(inside(seller_address, marketplace_id, seller_external_id=seller))
    return reader(SealedAddress).single(connection, query)


def seal_again(connection: Connection, change: Callable[[str], str]) -> None:
    """Seal every address under another key."""
    for row in connection.execute(select(seller_address)).all():
        this = inside(seller_address, row.marketplace_id, seller_external_id=row.seller_external_id)
        connection.execute(update(seller_address).where(this).values(address=change(row.address)))


def count_contacts(connection: Connection, marketplace_id: str, seller: str) -> int:
    return sum(
        count_rows(connection, table, inside(table, marketplace_id, seller_external_id=seller)) for table in _TABLES
    )


def delete_unused(
    connection: Connection, marketplace_id: str, before: datetime, on_hold: Collection[str], most: int
) -> int:
    """Delete contacts of sellers without listings since a moment, except on legal hold; returns how many."""
    deleted = 0
    for table, key in zip(_TABLES, (seller_contact.c.token, seller_address.c.seller_external_id), strict=True):
        gone = _is_unused(table, marketplace_id, before, on_hold)
        deleted += delete_some(connection, table, key, gone, most)
    return deleted


def _is_unused(
    table: Table, marketplace_id: str, before: datetime, on_hold: Collection[str]
) -> tuple[ColumnElement[bool], ...]:
    contact = table.c
    offered = exists().where(
        listing_version.c.marketplace_id == marketplace_id,
        listing_version.c.seller_external_id == contact.seller_external_id,
        listing_version.c.known_at > before,
    )
    return (
        contact.marketplace_id == marketplace_id,
        contact.known_at <= before,
        ~offered,
        contact.seller_external_id.not_in(on_hold),
    )


def erase_contacts(connection: Connection, marketplace_id: str, seller: str) -> int:
    """Delete the contacts of a seller and its address; returns how many there were."""
    own = inside(seller_contact, marketplace_id, seller_external_id=seller)
    hashes = int(connection.execute(delete(seller_contact).where(own)).rowcount)
    return hashes + _erase_address(connection, marketplace_id, seller)


def _erase_address(connection: Connection, marketplace_id: str, seller: str) -> int:
    own = inside(seller_address, marketplace_id, seller_external_id=seller)
    return int(connection.execute(delete(seller_address).where(own)).rowcount)
