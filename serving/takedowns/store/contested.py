"""The subject of a seller's answer: the removal, and the verdict that requested it."""

from sqlalchemy import Join, Table
from sqlalchemy.sql.selectable import FromClause

from serving.cases.tables import verdict
from serving.platform.database.scope import same
from serving.takedowns.tables import action


def with_contested(answer: Table, decided: FromClause = verdict) -> Join:
    """Appeals or counter-notices, each joined with its removal and the verdict, `decided`, that requested it."""
    return answer.join(action, same(action, answer, "action_id")).join(decided, same(decided, action, "verdict_id"))
