"""The database: engines, transactions, column types, schema and migrations."""
