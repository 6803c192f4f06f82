"""Offers and sellers by words and ids: FTS5 on SQLite, a GIN index of lexemes on PostgreSQL, the same words in both.

The words are made by `features.search_words`, so that neither engine's own idea of a word decides what is found.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, String, TextClause, delete, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects import postgresql, sqlite

from features.search_words import asked_words, is_beginning, search_words
from serving.db.tables import listing, search_entry

# What the migration makes by hand, because no two engines have it alike.
BY_HAND: Final = frozenset(
    {"ix_search_entry_words", *(f"search_index{part}" for part in ("", "_config", "_data", "_docsize", "_idx"))}
)
LONGEST_ASKED: Final = 200
_MOST_ASKED: Final = 12
_VECTOR: Final = "array_to_tsvector(array_remove(string_to_array(words || ' ' || seller_words, ' '), ''))"


class Kind(StrEnum):
    """What an entry leads to."""

    LISTING = "listing"
    SELLER = "seller"


@dataclass(frozen=True, slots=True)
class Findable:
    """An offer as it is to be found: the marketplace's id of it and of its seller, and its title."""

    external_id: str
    title: str | None
    seller: str | None


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found."""

    marketplace_id: str
    external_id: str


def keep(connection: Connection, marketplace_id: str, offers: Iterable[Findable]) -> None:
    """Let offers and their sellers be found; what was kept of them before is replaced."""
    rows = {}
    for one in offers:
        words = _line(search_words(f"{one.title or ''} {one.external_id}"))
        sold_by = _line(search_words(one.seller or ""))
        rows[Kind.LISTING, one.external_id] = _row(marketplace_id, Kind.LISTING, one.external_id, words, sold_by)
        if one.seller is not None:
            rows[Kind.SELLER, one.seller] = _row(marketplace_id, Kind.SELLER, one.seller, "", sold_by)
    if not rows:
        return
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(search_entry)
    new = insert.excluded
    changed = (search_entry.c.words != new.words) | (search_entry.c.seller_words != new.seller_words)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["marketplace_id", "kind", "external_id"],
            set_={"words": new.words, "seller_words": new.seller_words},
            where=changed,
        ),
        list(rows.values()),
    )


def _row(marketplace_id: str, kind: Kind, external_id: str, words: str, seller_words: str) -> dict[str, str]:
    return {
        "marketplace_id": marketplace_id,
        "kind": kind.value,
        "external_id": external_id,
        "words": words,
        "seller_words": seller_words,
    }


def _line(words: Iterable[str]) -> str:
    return " ".join(words)


def forget_seller(connection: Connection, marketplace_id: str, seller: str) -> None:
    """Let nobody find a seller, nor offers by who sold them; the offers stay to be found by their titles and ids."""
    here = search_entry.c.marketplace_id == marketplace_id
    itself = here, search_entry.c.kind == Kind.SELLER.value, search_entry.c.external_id == seller
    connection.execute(delete(search_entry).where(*itself))
    sold = select(listing.c.external_id).where(
        listing.c.marketplace_id == marketplace_id, listing.c.seller_external_id == seller
    )
    offered = here, search_entry.c.kind == Kind.LISTING.value, search_entry.c.external_id.in_(sold)
    connection.execute(update(search_entry).where(*offered).values(seller_words=""))


def find(
    connection: Connection, marketplaces: Collection[str], kind: Kind, asked: str, *, most: int
) -> tuple[Hit, ...]:
    """At most so many entries that have every word asked for, or words that begin so; the latest received come first.

    One whose id is exactly what is asked for comes before all others. Nothing that can be asked raises.
    """
    asked = _storable(asked[:LONGEST_ASKED]).strip()
    here = search_entry.c.marketplace_id.in_(sorted(marketplaces)), search_entry.c.kind == kind.value
    exact = _hits(connection, _entries().where(*here, search_entry.c.external_id == asked), most)
    words = asked_words(asked)[:_MOST_ASKED]
    if not words:
        return exact
    query = _entries().where(*here, _has(connection, words)).order_by(search_entry.c.entry_number.desc())
    return tuple(dict.fromkeys((*exact, *_hits(connection, query, most))))[:most]


def _entries() -> Select[Any]:
    return select(search_entry.c.marketplace_id, search_entry.c.external_id)


def _hits(connection: Connection, query: Select[Any], most: int) -> tuple[Hit, ...]:
    return tuple(Hit(*row) for row in connection.execute(query.limit(most)))


def _storable(asked: str) -> str:
    """What a database can be asked for: no NUL and no half of a pair."""
    return asked.replace("\x00", "").encode("utf-8", "ignore").decode()


def _has(connection: Connection, words: Sequence[str]) -> ColumnElement[bool] | TextClause:
    """Whether an entry has all these words. They are letters and digits alone, and still quoted."""
    if connection.dialect.name == "postgresql":
        asked = " & ".join(f"'{word}'{':*' if is_beginning(word) else ''}" for word in words)
        return sql(f"{_VECTOR} @@ CAST(:asked AS tsquery)").bindparams(asked=asked)
    asked = " ".join(f'"{word}"{" *" if is_beginning(word) else ""}' for word in words)
    found = sql("SELECT rowid FROM search_index WHERE search_index MATCH :asked").bindparams(asked=asked)
    return search_entry.c.entry_number.in_(found.columns(rowid=String()).scalar_subquery())
