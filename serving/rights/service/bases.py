"""The right that a confirmation rests on: found when the brand confirms, and stored with the confirmation."""

from datetime import datetime

from sqlalchemy import Connection

from models.policies.version import policy_version
from models.verdict import ReasonCode
from serving.accounts.rules.access import Person
from serving.cases.store.cases import Case
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.rights import store as rights
from serving.rights.policy import RightsPolicy
from serving.rights.rules.rights import Basis, Mandate, Notice, Right, basis, holds


def basis_of(
    runtime: Runtime,
    connection: Connection,
    pair: tuple[str, str],
    person: Person,
    reason_code: ReasonCode,
    at: datetime,
    *,
    only: str | None = None,
) -> tuple[Basis, tuple[Mandate, ...]]:
    """The right of a brand that carries this person's confirmation now, and the powers of attorney in force.

    `pair` is (marketplace, brand); `only` restricts the choice to one right.
    """
    here, brand_id = pair
    on_record = rights.rights_of(connection, [brand_id])
    found = [one.right for one in on_record if only is None or one.right.right_id == only]
    mandates = rights.mandates_of(connection, brand_id, person.user_id)
    notice = Notice(reason_code, marketplaces.sold_in(connection, here), at)
    acting = tuple(one for one in mandates if holds(one, at))
    return basis(found, mandates, notice, runtime.policies[RightsPolicy]), acting


def keep_basis(
    runtime: Runtime,
    connection: Connection,
    case: Case,
    verdict_id: str,
    carried: tuple[Right, str, tuple[Mandate, ...]],
    at: datetime,
) -> None:
    """Store the right that carried a confirmation, with the reason in the wording of that time."""
    right, reason, mandates = carried
    row = {
        "marketplace_id": case.marketplace_id,
        "verdict_id": verdict_id,
        "right_id": right.right_id,
        "mandate_ids": [one.mandate_id for one in mandates],
        "reason": reason[:500],
        "policy_version": policy_version(runtime.policies[RightsPolicy]),
        "known_at": at,
    }
    rights.keep_basis(connection, row)
