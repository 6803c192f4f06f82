"""Words under which offers and sellers are found, with each engine's own index of them"""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from features.search_words import search_words

revision = "0050"
down_revision = "0041"

_BATCH = 1_000
_ENTRY = sa.table("search_entry", *map(sa.column, ("marketplace_id", "kind", "external_id", "words", "seller_words")))
_VECTOR = "array_to_tsvector(array_remove(string_to_array(words || ' ' || seller_words, ' '), ''))"
_FORGET = (
    "INSERT INTO search_index (search_index, rowid, words, seller_words) "
    "VALUES ('delete', OLD.entry_number, OLD.words, OLD.seller_words);"
)
_LEARN = "INSERT INTO search_index (rowid, words, seller_words) VALUES (NEW.entry_number, NEW.words, NEW.seller_words);"


def upgrade() -> None:
    """Apply; what is there already can be found."""
    op.create_table(
        "search_entry",
        sa.Column("entry_number", sa.Integer(), nullable=False),
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("seller_words", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('listing', 'seller')", name=op.f("ck_search_entry_kind")),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_search_entry_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("entry_number", name=op.f("pk_search_entry")),
        sa.UniqueConstraint(
            "marketplace_id", "kind", "external_id", name=op.f("uq_search_entry_marketplace_id_kind_external_id")
        ),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"CREATE INDEX ix_search_entry_words ON search_entry USING gin (({_VECTOR}))")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE search_index USING fts5(words, seller_words, content='search_entry', "
            "content_rowid='entry_number', tokenize='unicode61 remove_diacritics 0', prefix='3')"
        )
        for event, does in (("INSERT", _LEARN), ("DELETE", _FORGET), ("UPDATE", f"{_FORGET} {_LEARN}")):
            op.execute(f"CREATE TRIGGER search_entry_{event.lower()} AFTER {event} ON search_entry BEGIN {does} END")
    _fill(op.get_bind())


def downgrade() -> None:
    """Take back."""
    op.drop_table("search_entry")
    if op.get_context().dialect.name != "postgresql":
        op.execute("DROP TABLE search_index")


def _fill(connection: sa.Connection) -> None:
    offers = connection.execute(
        sa.text(
            "SELECT l.marketplace_id, l.external_id, l.seller_external_id, v.content FROM listing l "
            "JOIN listing_version v ON v.marketplace_id = l.marketplace_id AND v.version_id = l.version_id "
            "ORDER BY l.first_known_at, l.listing_id"
        ),
        execution_options={"yield_per": _BATCH},
    )
    for rows in offers.partitions(_BATCH):
        _add(connection, [_listing(*row) for row in rows])
    sellers = connection.execute(sa.text("SELECT marketplace_id, external_id FROM seller ORDER BY seller_id"))
    for rows in sellers.partitions(_BATCH):
        _add(connection, [_entry(place, "seller", name, (), search_words(name)) for place, name in rows])


def _add(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    connection.execute(sa.insert(_ENTRY), rows)


def _listing(place: str, external_id: str, seller: str | None, content: str) -> dict[str, Any]:
    words = search_words(f"{' '.join(_titles(content))} {external_id}")
    return _entry(place, "listing", external_id, words, search_words(seller or ""))


def _titles(content: str) -> Iterator[str]:
    if content.startswith("{") and (title := json.loads(content).get("title")):
        yield title


def _entry(
    place: str, kind: str, external_id: str, words: tuple[str, ...], seller_words: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "marketplace_id": place,
        "kind": kind,
        "external_id": external_id,
        "words": " ".join(words),
        "seller_words": " ".join(seller_words),
    }
