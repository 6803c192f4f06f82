"""The models that may be the next champions."""

from sqlalchemy import Connection, select

from serving.learning.tables import model


def newest_models(connection: Connection) -> set[str]:
    """The digest of the newest model of each marketplace."""
    query = select(model.c.marketplace_id, model.c.digest).order_by(model.c.created_at)
    return set({row.marketplace_id: row.digest for row in connection.execute(query)}.values())
