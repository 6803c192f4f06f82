"""Job rows carry portable JSON only: DBOS would unpickle a row that says it is a pickle, and so run its code."""

from sqlalchemy import Connection, Engine, inspect, text

_ALLOWED = "portable_json"
_REFUSED = "a job row is portable JSON"


def require_portable_json(engine: Engine) -> None:
    """Have the database refuse any other format in every job table; done again after each migration of DBOS."""
    on_postgresql = engine.dialect.name == "postgresql"
    schema = "dbos" if on_postgresql else None
    with engine.begin() as connection:
        found = inspect(connection)
        tables = [
            table
            for table in found.get_table_names(schema)
            if "serialization" in {column["name"] for column in found.get_columns(table, schema)}
        ]
        if on_postgresql:
            connection.execute(text(_FUNCTION))
        for table in tables:
            _guard(connection, table, on_postgresql=on_postgresql)


_FUNCTION = f"""CREATE OR REPLACE FUNCTION dbos.touchstone_portable_json() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.serialization IS NOT NULL AND NEW.serialization <> '{_ALLOWED}' THEN
        RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$"""


def _guard(connection: Connection, table: str, *, on_postgresql: bool) -> None:
    for event in ("INSERT", "UPDATE"):
        name = f"touchstone_portable_json_{event.lower()}"
        if on_postgresql:
            statement = (
                f'CREATE OR REPLACE TRIGGER {name} BEFORE {event} ON dbos."{table}" FOR EACH ROW '
                "EXECUTE FUNCTION dbos.touchstone_portable_json()"
            )
        else:
            statement = (
                f'CREATE TRIGGER IF NOT EXISTS "{table}_{name}" BEFORE {event} ON "{table}" FOR EACH ROW '
                f"WHEN NEW.serialization IS NOT NULL AND NEW.serialization <> '{_ALLOWED}' "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
            )
        connection.execute(text(statement))
