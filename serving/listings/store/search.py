"""Search for listings and sellers by words and ids: FTS5 on SQLite, a GIN index of lexemes on PostgreSQL.

`features.search_words` makes the words, so that both engines find the same entries.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Insert, String, TextClause, bindparam, delete, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects import postgresql, sqlite

from features.search_words import is_prefix, query_words, search_words
from serving.listings.rules import EntryKind
from serving.listings.tables import listing, search_entry
from serving.platform.database.fast.door import insert_rows
from serving.platform.database.scope import inside

# The objects that the migration creates by hand, because they differ between the engines.
BY_HAND: Final = frozenset(
    {"ix_search_entry_words", *(f"search_index{part}" for part in ("", "_config", "_data", "_docsize", "_idx"))}
)
LONGEST_ASKED: Final = 200
_MOST_ASKED: Final = 12
_HIT: Final = (search_entry.c.marketplace_id, search_entry.c.external_id)
# Not a word of any text, because words write 0 as the letter. It separates the few sellers from their many listings.
_SELLER: Final = "0seller"
# The index leads; otherwise SQLite might query it once for each entry of the marketplace.
_SQLITE: Final = """
SELECT entry.marketplace_id, entry.external_id
FROM search_index CROSS JOIN search_entry AS entry ON entry.entry_number = search_index.rowid
WHERE search_index MATCH :asked AND +entry.marketplace_id IN :places AND +entry.kind = :kind
ORDER BY search_index.rowid DESC LIMIT :most
"""
_MATCHING: Final = """
FROM search_entry
WHERE array_to_tsvector(array_remove(string_to_array(words || ' ' || seller_words, ' '), '')) @@ CAST(:asked AS tsquery)
AND marketplace_id IN :places AND kind = :kind
"""
# PostgreSQL expects that words are spread evenly over the entries. It would walk back through all of them for words of
# one season, so what few entries have is looked up. What more have is soon met on the way back.
_FEW: Final = 5_000
_POSTGRESQL: Final = f"""
WITH few AS MATERIALIZED (SELECT marketplace_id, external_id, entry_number {_MATCHING} LIMIT :few)
SELECT marketplace_id, external_id, (SELECT count(*) FROM few) FROM few ORDER BY entry_number DESC LIMIT :most
"""  # noqa: S608  # constants
_WALKING: Final = f"SELECT marketplace_id, external_id {_MATCHING} ORDER BY entry_number DESC LIMIT :most"
_LOOKING_UP: Final = (
    "SELECT set_config(name, :mode, true) FROM unnest(ARRAY['enable_seqscan', 'enable_indexscan']) AS name"
)


@dataclass(frozen=True, slots=True)
class SearchableListing:
    """A listing to index: the marketplace's id of it and of its seller, and its title."""

    external_id: str
    title: str | None
    seller: str | None


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found."""

    marketplace_id: str
    external_id: str


def index_listings(connection: Connection, marketplace_id: str, listings: Iterable[SearchableListing]) -> None:
    """Index listings and their sellers for search; the new entries replace the earlier ones."""
    rows = {}
    for findable in listings:
        words = _joined_words(search_words(f"{findable.title or ''} {findable.external_id}"))
        sold_by = _joined_words(search_words(findable.seller or ""))
        rows[EntryKind.LISTING, findable.external_id] = _row(
            marketplace_id, EntryKind.LISTING, findable.external_id, words, sold_by
        )
        if findable.seller is not None:
            rows[EntryKind.SELLER, findable.seller] = _row(
                marketplace_id, EntryKind.SELLER, findable.seller, _SELLER, sold_by
            )
    insert_rows(connection, _upsert(connection.dialect.name), list(rows.values()))


@cache
def _upsert(dialect: str) -> Insert:
    engine: Any = postgresql if dialect == "postgresql" else sqlite
    insert = engine.insert(search_entry)
    new = insert.excluded
    statement: Insert = insert.on_conflict_do_update(
        index_elements=["marketplace_id", "kind", "external_id"],
        set_={"words": new.words, "seller_words": new.seller_words},
        where=(search_entry.c.words != new.words) | (search_entry.c.seller_words != new.seller_words),
    )
    return statement


def _row(marketplace_id: str, kind: EntryKind, external_id: str, words: str, seller_words: str) -> dict[str, str]:
    return {
        "marketplace_id": marketplace_id,
        "kind": kind.value,
        "external_id": external_id,
        "words": words,
        "seller_words": seller_words,
    }


def _joined_words(words: Iterable[str]) -> str:
    return " ".join(words)


def forget_seller(connection: Connection, marketplace_id: str, seller: str) -> None:
    """Remove a seller and the seller field of listings from search; listings stay searchable by title and id."""
    in_marketplace = search_entry.c.marketplace_id == marketplace_id
    itself = in_marketplace, search_entry.c.kind == EntryKind.SELLER.value, search_entry.c.external_id == seller
    connection.execute(delete(search_entry).where(*itself))
    sold = select(listing.c.external_id).where(inside(listing, marketplace_id, seller_external_id=seller))
    offered = in_marketplace, search_entry.c.kind == EntryKind.LISTING.value, search_entry.c.external_id.in_(sold)
    connection.execute(update(search_entry).where(*offered).values(seller_words=""))


def find(
    connection: Connection, marketplaces: Collection[str], kind: EntryKind, search_text: str, *, most: int
) -> tuple[Hit, ...]:
    """At most `most` entries that contain every requested word or prefix, the latest received first.

    An entry whose id equals the whole request comes first. No request raises an error.
    """
    search_text = _storable(search_text[:LONGEST_ASKED]).strip()
    of_kind = search_entry.c.marketplace_id.in_(sorted(marketplaces)), search_entry.c.kind == kind.value
    exact = select(*_HIT).where(*of_kind, search_entry.c.external_id == search_text)
    hits = [Hit(*row) for row in connection.execute(exact.limit(most))]
    if words := query_words(search_text)[:_MOST_ASKED]:
        parameters = {
            "places": sorted(marketplaces),
            "kind": kind.value,
            "asked": _match_expression(connection, kind, words),
            "most": most,
        }
        hits += _matching_entries(connection, parameters)
    return tuple(dict.fromkeys(hits))[:most]


def _matching_entries(connection: Connection, parameters: dict[str, Any]) -> list[Hit]:
    """The entries that match, the latest received first."""
    if connection.dialect.name == "sqlite":
        return [Hit(*row) for row in connection.execute(_search_query(_SQLITE), parameters)]
    connection.execute(sql(_LOOKING_UP), {"mode": "off"})
    few = connection.execute(_search_query(_POSTGRESQL), {**parameters, "few": _FEW + 1}).all()
    connection.execute(sql(_LOOKING_UP), {"mode": "on"})
    if few and few[0][2] > _FEW:
        return [Hit(*row) for row in connection.execute(_search_query(_WALKING), parameters)]
    return [Hit(row[0], row[1]) for row in few]


def _search_query(query: str) -> TextClause:
    return sql(query).bindparams(bindparam("places", type_=String(), expanding=True))


def _storable(text: str) -> str:
    """The part of a text that a database accepts: no NUL and no lone surrogate."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def _match_expression(connection: Connection, kind: EntryKind, words: Sequence[str]) -> str:
    """A query for entries with all these words, in the engine's own syntax. Words are letters and digits, quoted."""
    marked = [(_SELLER, False)] if kind is EntryKind.SELLER else []
    parts = [*marked, *((word, is_prefix(word)) for word in words)]
    if connection.dialect.name == "postgresql":
        return " & ".join(f"'{word}'{':*' if begins else ''}" for word, begins in parts)
    return " ".join(f'"{word}"{" *" if begins else ""}' for word, begins in parts)
