"""Rules that are switched off: where, since when, by whom and why. A rule without a row is on."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from serving.audit.tables import audit_entry, audit_payload
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.tables import kill_switch
from serving.platform.database.fast.door import PlainQuery
from serving.platform.database.row_reader import reader, row_of
from serving.platform.database.scope import HERE, inside
from serving.platform.database.series import read_once
from serving.platform.database.store import insert_or_ignore

_ON: Final = "rule.switched_on"
_OFF: Final = "rule.switched_off"
# Built once, because every score asks.
_OFF_HERE: Final = PlainQuery(
    lambda _dialect: select(kill_switch.c.rule).where(inside(kill_switch, HERE, rule=bindparam("wanted")))
)


@dataclass(frozen=True, slots=True)
class KillSwitchOff:
    marketplace_id: str
    rule: AutomaticRule
    off_since: datetime
    switched_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class KillSwitchChange:
    """A change of a kill switch, as the audit log records it."""

    marketplace_id: str
    rule: AutomaticRule
    on: bool
    at: datetime
    by: str
    reason: str


def latest_changes(connection: Connection, marketplace_id: str, most: int) -> list[KillSwitchChange]:
    """The latest changes of a marketplace's kill switches, newest first."""
    query = (
        select(audit_entry, audit_payload.c.payload)
        .outerjoin(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
        .where(
            audit_entry.c.marketplace_id == marketplace_id,
            audit_entry.c.act.in_([_ON, _OFF]),
            audit_entry.c.subject.in_([rule.value for rule in AutomaticRule]),
        )
        .order_by(audit_entry.c.sequence.desc())
        .limit(most)
    )
    return [
        KillSwitchChange(
            marketplace_id,
            AutomaticRule(row.subject),
            row.act == _ON,
            row.occurred_at,
            row.actor,
            json.loads(row.payload)["reason"] if row.payload else "",
        )
        for row in connection.execute(query)
    ]


@read_once(kill_switch)
def is_on(connection: Connection, marketplace_id: str, rule: AutomaticRule) -> bool:
    return not _OFF_HERE.rows(connection, {"here": marketplace_id, "wanted": rule.value})


def rules_off(connection: Connection, marketplaces: Collection[str]) -> list[KillSwitchOff]:
    """The rules that are off in these marketplaces, longest off first."""
    query = select(kill_switch).where(kill_switch.c.marketplace_id.in_(marketplaces)).order_by(kill_switch.c.off_since)
    return reader(KillSwitchOff).all(connection, query)


def switch_off(connection: Connection, rule_off: KillSwitchOff) -> bool:
    """Switch a rule off; False where it is already off."""
    added = insert_or_ignore(connection, kill_switch).values(row_of(rule_off)).returning(kill_switch.c.rule)
    return connection.execute(added).first() is not None


def switch_on(connection: Connection, marketplace_id: str, rule: AutomaticRule) -> bool:
    """Switch a rule on; False where it is already on."""
    gone = delete(kill_switch).where(inside(kill_switch, marketplace_id, rule=rule.value))
    return connection.execute(gone).rowcount == 1
