"""The schema: the tables as `serving.schema` declares them, with each engine's triggers and indexes (ADR 40)"""

from typing import Final

from alembic import op
from sqlalchemy.schema import CreateIndex, CreateTable

from serving.schema import metadata

revision = "71fd0f35d414"
down_revision = None

_UNCHANGED: Final = " OR ".join(
    f"NEW.{name} <> OLD.{name}"
    for name in (
        "marketplace_id",
        "entry_id",
        "test_buy_id",
        "number",
        "event",
        "recorded_by",
        "occurred_at",
        "known_at",
    )
)


def _change_condition(*fixed: str, once: tuple[str, ...] = ()) -> str:
    """The condition for a change of these columns, or a second change of those that are set once."""
    of_fixed = [f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in fixed]
    return " OR ".join([*of_fixed, *(f"(OLD.{n} IS NOT NULL AND NEW.{n} IS DISTINCT FROM OLD.{n})" for n in once)])


# Append-only tables, and which changes of a row are refused: all, or all that do more than erase.
_GROWING: Final = {
    "account_origin": "",
    "audit_entry": "",
    "audit_payload": "",
    "erased_payload": "",
    "custody_entry": f"NEW.description <> '(erased)' OR {_UNCHANGED} "
    "OR coalesce(NEW.holder, '') <> coalesce(OLD.holder, '')",
    "evidence": "",
    "evidence_part": "NEW.body IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.digest <> OLD.digest "
    "OR NEW.part <> OLD.part OR NEW.evidence_id <> OLD.evidence_id OR NEW.marketplace_id <> OLD.marketplace_id",
    "verdict": "",
    "approval_vote": "",
    "report_outcome": "",
    "promotion": "",
    "promotion_approval": _change_condition(
        "marketplace_id",
        "approval_id",
        "digest",
        "approved_by",
        "reason",
        "beside",
        "approved_at",
        once=("withdrawn_at", "promotion_id"),
    ),
    # Delivery and approval change the other columns.
    "action": _change_condition(
        "marketplace_id", "action_id", "listing_id", "verdict_id", "kind", "sequence", "created_at"
    ),
    "removal_approval": _change_condition(
        "marketplace_id", "action_id", "policy_version", "pending_since", once=("settled_at", "settled_as")
    ),
}
_NEVER_EMPTIED: Final = (
    *("audit_entry", "audit_payload", "erased_payload"),
    *("verdict", "approval_vote", "report_outcome", "promotion", "promotion_approval", "action", "removal_approval"),
)
_NAMED: Final = "EXISTS (SELECT 1 FROM erased_payload WHERE erased_payload.sequence = OLD.sequence)"
_RAISE: Final = "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';"
_FROZEN: Final = "a golden set is frozen"
_VECTOR: Final = "array_to_tsvector(array_remove(string_to_array(words || ' ' || seller_words, ' '), ''))"
_FORGET: Final = (
    "INSERT INTO search_index (search_index, rowid, words, seller_words) "
    "VALUES ('delete', OLD.entry_number, OLD.words, OLD.seller_words);"
)
# What reference contexts are read from. A new brand has no part in one before its enrolment, and a breaker is inserted
# closed, at its first check.
_CHANGE: Final = ("INSERT", "UPDATE", "DELETE")
_REFERENCES: Final = {
    "brand": ("UPDATE", "DELETE"),
    **dict.fromkeys(("brand_enrolment", "alias_proposal", "counterfeit_indicator", "brand_list_price"), _CHANGE),
    **dict.fromkeys(("price_reference", "common_price", "base_rate_prior", "exchange_rate"), _CHANGE),
    "circuit_breaker": ("UPDATE OF opened_at", "DELETE"),
}
# Not by one, so that a change that was undone and another after it do not leave the same number.
_MOVE: Final = "UPDATE reference_change SET moved = moved + 1 + (random() & 65535);"
_LEARN: Final = (
    "INSERT INTO search_index (rowid, words, seller_words) VALUES (NEW.entry_number, NEW.words, NEW.seller_words);"
)


def upgrade() -> None:
    """Create everything in an empty database."""
    for table in metadata.sorted_tables:
        op.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            op.execute(CreateIndex(index))
    if op.get_context().dialect.name == "postgresql":
        _create_postgresql_triggers()
    else:
        _create_sqlite_triggers()


def _create_postgresql_triggers() -> None:
    _create_function("touchstone_refuse", _RAISE)
    _create_function("touchstone_refuse_unnamed", f"IF {_NAMED} THEN RETURN OLD; END IF; {_RAISE}")
    for table, changed in _GROWING.items():
        when = f"WHEN ({changed}) " if changed else ""
        deleted = "touchstone_refuse_unnamed" if table == "audit_payload" else "touchstone_refuse"
        _create_trigger(f"{table}_refuses_update", f"BEFORE UPDATE ON {table} FOR EACH ROW {when}", "touchstone_refuse")
        _create_trigger(f"{table}_refuses_delete", f"BEFORE DELETE ON {table} FOR EACH ROW ", deleted)
    for table in _NEVER_EMPTIED:
        _create_trigger(
            f"{table}_refuses_truncate", f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT ", "touchstone_refuse"
        )
    _create_function("golden_set_is_frozen", f"RAISE EXCEPTION '{_FROZEN}';")
    events = "BEFORE UPDATE OR DELETE OR TRUNCATE ON golden_set FOR EACH STATEMENT "
    _create_trigger("golden_set_keeps", events, "golden_set_is_frozen")
    _create_function("touchstone_references_changed", "INSERT INTO reference_change DEFAULT VALUES; RETURN NULL;")
    for table, changes in _REFERENCES.items():
        events = f"AFTER {' OR '.join(changes)} OR TRUNCATE ON {table} FOR EACH STATEMENT "
        _create_trigger(f"{table}_changes_references", events, "touchstone_references_changed")
    op.execute(f"CREATE INDEX ix_search_entry_words ON search_entry USING gin (({_VECTOR}))")


def _create_function(name: str, body: str) -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")


def _create_trigger(name: str, event: str, function: str) -> None:
    op.execute(f"CREATE TRIGGER {name} {event}EXECUTE FUNCTION {function}()")


def _create_sqlite_triggers() -> None:
    for table, changed in _GROWING.items():
        deleted = f"NOT {_NAMED}" if table == "audit_payload" else ""
        _create_refusal(f"{table}_refuses_update", f"UPDATE ON {table}", changed, f"{table} is append-only")
        _create_refusal(f"{table}_refuses_delete", f"DELETE ON {table}", deleted, f"{table} is append-only")
    for event in ("UPDATE", "DELETE"):
        _create_refusal(f"golden_set_keeps_{event.lower()}", f"{event} ON golden_set", "", _FROZEN)
    op.execute("INSERT INTO reference_change (change_id) VALUES (1)")
    for table, changes in _REFERENCES.items():
        for change in changes:
            name = f"{table}_changes_references_{change.partition(' ')[0].lower()}"
            op.execute(f"CREATE TRIGGER {name} AFTER {change} ON {table} BEGIN {_MOVE} END")
    op.execute(
        "CREATE VIRTUAL TABLE search_index USING fts5(words, seller_words, content='search_entry', "
        "content_rowid='entry_number', tokenize='unicode61 remove_diacritics 0', prefix='3')"
    )
    for event, does in (("INSERT", _LEARN), ("DELETE", _FORGET), ("UPDATE", f"{_FORGET} {_LEARN}")):
        op.execute(f"CREATE TRIGGER search_entry_{event.lower()} AFTER {event} ON search_entry BEGIN {does} END")


def _create_refusal(name: str, event: str, condition: str, sentence: str) -> None:
    when = f"WHEN {condition} " if condition.startswith("NOT ") else f"WHEN ({condition}) " if condition else ""
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} {when}BEGIN SELECT RAISE(ABORT, '{sentence}'); END")
