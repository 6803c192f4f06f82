"""A PostgreSQL database as sorted text, from its catalogues, without other schemas, such as that of the jobs."""

from typing import Final

from sqlalchemy import Connection

_VERSIONS: Final = "alembic_version"

# Each gives (table, line).
_OF_TABLES: Final = {
    "table": """
        SELECT c.relname, concat_ws(' ', c.relkind, c.relpersistence, 'row security', c.relrowsecurity,
               c.relforcerowsecurity, 'identity', c.relreplident, 'options', c.reloptions::text, 'rights',
               c.relacl::text, obj_description(c.oid))
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')""",
    "column": """
        SELECT c.relname, concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), 'not null', a.attnotnull,
               'default', pg_get_expr(d.adbin, d.adrelid), 'identity', a.attidentity, 'generated', a.attgenerated,
               'collation', a.attcollation::regcollation, 'statistics', a.attstattarget, 'storage', a.attstorage,
               a.attcompression, col_description(c.oid, a.attnum))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraint": """
        SELECT c.relname, concat_ws(' ', k.conname, pg_get_constraintdef(k.oid), 'valid', k.convalidated)
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public'""",
    "index": """
        SELECT c.relname, concat_ws(' ', pg_get_indexdef(i.indexrelid), 'valid', i.indisvalid, 'clustered',
               i.indisclustered)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public'""",
    "trigger": """
        SELECT c.relname, concat_ws(' ', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND NOT t.tgisinternal""",
    "policy": """
        SELECT tablename, concat_ws(' ', policyname, permissive, roles::text, cmd, qual, with_check)
        FROM pg_policies WHERE schemaname = 'public'""",
    "statistics": "SELECT tablename, statistics_name || ' ' || attnames::text || kinds::text FROM pg_stats_ext",
}
# Each gives (line).
_BESIDE: Final = {
    "functions": """
        SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'public' AND p.prokind IN ('f', 'p')
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')""",
    "sequences": """
        SELECT concat_ws(' ', c.relname, s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmax, s.seqmin,
               s.seqcache, s.seqcycle, 'owned by', d.refobjid::regclass, a.attname)
        FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_depend d ON d.objid = c.oid AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
        LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE n.nspname = 'public'""",
    "types": """
        SELECT concat_ws(' ', t.typname, t.typtype, e.enumsortorder, e.enumlabel)
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_enum e ON e.enumtypid = t.oid
        WHERE n.nspname = 'public' AND t.typtype IN ('e', 'd')""",
    "extensions": "SELECT extname FROM pg_extension",
    "text search": """
        SELECT c.cfgname FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
        WHERE n.nspname = 'public'""",
    "settings": "SELECT array_to_string(setconfig, ' ') FROM pg_db_role_setting",
    "schemas": "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)'",
}


def postgres_texts(connection: Connection) -> dict[str, str]:
    """A text for each table, for each kind of other object, and for the rows that migrations insert."""
    lines: dict[str, list[str]] = {}
    for kind, query in _OF_TABLES.items():
        for table, line in connection.exec_driver_sql(query):
            lines.setdefault(f"table/{table}", []).append(f"{kind} {line}")
    texts_by_name = {name: "\n".join(sorted(table_lines)) for name, table_lines in lines.items()}
    for name, query in _BESIDE.items():
        texts_by_name[name] = "\n".join(sorted(str(line) for (line,) in connection.exec_driver_sql(query)))
    return texts_by_name | {"rows": _rows(connection)}


def _rows(connection: Connection) -> str:
    tables = connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").scalars().all()
    return "\n".join(
        sorted(
            f"{name} {line}"
            for name in tables
            if name != _VERSIONS
            for (line,) in connection.exec_driver_sql(f'SELECT t::text FROM public."{name}" t')  # noqa: S608
        )
    )
