"""Job rows carry portable JSON only: DBOS would unpickle a row that says it is a pickle, and so run its code."""

from sqlalchemy import Connection, Engine, text

_ALLOWED = "portable_json"
_REFUSED = "a job row is portable JSON"


def require_portable_json(engine: Engine) -> None:
    """Have the database refuse any other format in every job table; done again after each migration of DBOS.

    What is there stays: on PostgreSQL another trigger would wait for every job that runs.
    """
    on_postgresql = engine.dialect.name == "postgresql"
    with engine.begin() as connection:
        tables = connection.execute(text(_ON_POSTGRESQL if on_postgresql else _ON_SQLITE)).scalars().all()
        present = {tuple(row) for row in connection.execute(text(_TRIGGERS))} if on_postgresql else set()
        wanted = [(table, event) for table in tables for event in _EVENTS if (table, _named(event)) not in present]
        if on_postgresql and wanted:
            connection.execute(text(_FUNCTION))
        for table, event in wanted:
            _guard(connection, table, event, on_postgresql=on_postgresql)


_FUNCTION = f"""CREATE OR REPLACE FUNCTION dbos.touchstone_portable_json() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.serialization IS NOT NULL AND NEW.serialization <> '{_ALLOWED}' THEN
        RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$"""


# Asking for the columns of each table would take longer than the rest of a start.
_ON_SQLITE = """SELECT tables.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
WHERE tables.type = 'table' AND columns.name = 'serialization'"""
_ON_POSTGRESQL = """SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = to_regnamespace('dbos') AND relkind = 'r' AND attname = 'serialization' AND NOT attisdropped"""
_TRIGGERS = """SELECT pg_class.relname, pg_trigger.tgname FROM pg_trigger
JOIN pg_class ON pg_class.oid = pg_trigger.tgrelid WHERE pg_class.relnamespace = to_regnamespace('dbos')"""
_EVENTS = ("INSERT", "UPDATE")


def _named(event: str) -> str:
    return f"touchstone_portable_json_{event.lower()}"


def _guard(connection: Connection, table: str, event: str, *, on_postgresql: bool) -> None:
    name = _named(event)
    if on_postgresql:
        statement = (
            f'CREATE TRIGGER {name} BEFORE {event} ON dbos."{table}" FOR EACH ROW '
            "EXECUTE FUNCTION dbos.touchstone_portable_json()"
        )
    else:
        statement = (
            f'CREATE TRIGGER IF NOT EXISTS "{table}_{name}" BEFORE {event} ON "{table}" FOR EACH ROW '
            f"WHEN NEW.serialization IS NOT NULL AND NEW.serialization <> '{_ALLOWED}' "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        )
    connection.execute(text(statement))
