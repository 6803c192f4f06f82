"""The people who can approve a pending removal, and the mail to them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from models.verdict import Side
from serving.accounts.rules.access import Role
from serving.accounts.rules.second_person import Roots
from serving.accounts.store import accounts, origins, people
from serving.brands.store import brands
from serving.cases.store import cases, verdicts
from serving.cases.store.cases import Case
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_summary
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.takedowns.rules.approval import ADMINISTRATION, PROGRAMME, REVIEW_TEAM, Bearing, Vote, able
from serving.takedowns.rules.bursts import HoldCause
from serving.takedowns.store import approvals, pending_groups
from serving.takedowns.store.actions import StoredAction


def bearing_of(connection: Connection, action: StoredAction, case: Case, causes: frozenset[HoldCause]) -> Bearing:
    """The parties of a removal."""
    enrolled = brands.enrolments(connection, action.marketplace_id).get(case.brand_id or "")
    behind = approvals.verdicts_behind(connection, action.marketplace_id, action.action_id)
    side = verdicts.get(connection, action.marketplace_id, action.verdict_id).side
    return Bearing(
        marketplace_id=action.marketplace_id,
        brand_id=case.brand_id,
        account_manager_id=enrolled.account_manager_id if enrolled else None,
        confirmed_by=frozenset(one.user_id for one in behind),
        confirmer=case.brand_id or REVIEW_TEAM if side is Side.BRAND else REVIEW_TEAM,
        causes=causes,
    )


def approvers_of(connection: Connection, given: Sequence[Vote], bearing: Bearing, roots: Roots) -> list[str]:
    """The people who can approve a removal now."""
    here, manager = bearing.marketplace_id, bearing.account_manager_id
    found: dict[str, str] = {}
    if bearing.brand_id is not None:
        of_brand = accounts.people_of_brand(connection, (here, bearing.brand_id))
        found |= {one.user_id: bearing.brand_id for one in of_brand}
    managers = people.holders(connection, [here], Role.ACCOUNT_MANAGER).get(here, {})
    if bearing.confirmer == REVIEW_TEAM:
        found |= dict.fromkeys(people.holders(connection, [here], Role.ADMIN).get(here, {}), ADMINISTRATION)
    found |= {one: PROGRAMME for one in managers if manager in {None, one}}
    found |= dict.fromkeys(people.holders(connection, [here], Role.ANALYST).get(here, {}), REVIEW_TEAM)
    if HoldCause.MARKETPLACE_DAY in bearing.causes:
        found |= dict.fromkeys(people.holders(connection, [here], Role.ADMIN).get(here, {}), ADMINISTRATION)
    return sorted(able(given, bearing, found, roots))


def mail_approvers(
    runtime: Runtime,
    connection: Connection,
    action: StoredAction,
    causes: frozenset[HoldCause],
    at: datetime,
) -> None:
    """Tell the staff who can approve a removal, where it is the first pending one of its brand and person."""
    here = action.marketplace_id
    if pending_groups.waits_with(connection, here, action.action_id):
        return
    case = cases.of_verdict(connection, here, action.verdict_id)
    bearing = bearing_of(connection, action, case, causes)
    users = set() if bearing.brand_id is None else _users_of(connection, here, bearing.brand_id)
    roots = origins.roots(connection)
    staff = set(approvers_of(connection, (), bearing, roots)) - users
    enrolled = brands.enrolments(connection, here).get(case.brand_id or "")
    confirmer = verdicts.get(connection, here, action.verdict_id).user_id
    entry = {
        "marketplace_id": here,
        "marketplace": marketplaces.get(connection, here).name,
        "brand_id": case.brand_id,
        "brand": enrolled.name if enrolled else case.mark or "",
        "by": accounts.names(connection, [confirmer]).get(confirmer, ""),
        "n": 1,
        "due": at.isoformat(),
    }
    queue_summary(runtime, connection, MailKind.PENDING_REMOVALS, staff, entry)


def _users_of(connection: Connection, marketplace_id: str, brand_id: str) -> set[str]:
    return {user.user_id for user in accounts.people_of_brand(connection, (marketplace_id, brand_id))}
