"""The right that a confirmation rests on: found when the brand confirms, and stored with the confirmation."""

from datetime import datetime

from sqlalchemy import Connection

from models.errors import NotFound
from models.policies.version import policy_version
from models.verdict import ReasonCode
from serving.accounts.rules.access import Permission, Person
from serving.brands.policy import RightsPolicy
from serving.brands.rules.rights import Basis, Mandate, Notice, Right, basis, holds
from serving.brands.store import mandates as powers
from serving.brands.store import rights
from serving.cases.store.cases import Case
from serving.marketplaces.store import marketplaces
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime


def basis_of(
    runtime: Runtime,
    connection: Connection,
    pair: Pair,
    person: Person,
    reason_code: ReasonCode,
    at: datetime,
    *,
    only: str | None = None,
) -> tuple[Basis, tuple[Mandate, ...]]:
    """The right of a brand that carries this person's confirmation now, and the powers of attorney in force.

    `pair` is (marketplace, brand); `only` restricts the choice to one right.
    """
    on_record = rights.rights_of(connection, pair)
    found = [one.right for one in on_record if only is None or one.right.right_id == only]
    mandates = powers.mandates_of(connection, pair, person.user_id)
    notice = Notice(reason_code, marketplaces.sold_in(connection, pair[0]), at)
    acting = tuple(one for one in mandates if holds(one, at))
    return basis(found, mandates, notice, runtime.policies[RightsPolicy]), acting


def pair_of(connection: Connection, person: Person, right_id: str, marketplace_id: str | None) -> Pair:
    """The marketplace and brand of a right for which a person answers; `marketplace_id` may name it.

    Raises NotFound (there is no such right, or it is of another brand or marketplace).
    """
    pair = rights.owner_of(connection, right_id)
    if pair not in person.brands(Permission.ANSWER_QUESTIONS) or marketplace_id not in {None, pair[0]}:
        raise NotFound("There is no such right.")
    return pair


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
