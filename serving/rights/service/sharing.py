"""A brand's lead shares what is on file with another marketplace, at which the same account leads the brand too.

From then on each marketplace has its own copy, and either side verifies, refuses, withdraws, ends or reprices it alone.
"""

from sqlalchemy import Connection

from models.errors import Invalid, NotFound
from serving.accounts.rules.access import Person
from serving.audit.store import audit
from serving.brands.service.price_lists import copy_entries
from serving.brands.store import brands
from serving.platform.runtime import Runtime
from serving.rights.service.brand_file import require_lead
from serving.rights.service.copies import copy_document, copy_mandate, copy_right
from serving.rights.store.pairs import Pair


def share_right(runtime: Runtime, person: Person, pair: Pair, right_id: str, to: str) -> str:
    """Claim a right of one's own brand at the marketplace `to` as well, with its document; returns the copy's id.

    Raises NotFound, Forbidden, Invalid (the person does not represent the brand at both; does not lead it at both, or
    acts by a power of attorney at one; `to` is the same marketplace) or Conflict (as
    `serving.rights.service.copies.copy_right`).
    """
    with runtime.store.write() as connection:
        audit.hold(connection)
        by, other = _require_both(connection, person, pair, to)
        return copy_right(runtime, connection, pair, right_id, other, by=by)


def share_document(runtime: Runtime, person: Person, pair: Pair, digest: str, to: str) -> None:
    """Store a document of one's own brand at the marketplace `to` as well.

    Raises NotFound, Forbidden, Invalid (as `share_right`) or Conflict (as
    `serving.rights.service.copies.copy_document`).
    """
    with runtime.store.write() as connection:
        audit.hold(connection)
        by, other = _require_both(connection, person, pair, to)
        copy_document(runtime, connection, pair, digest, other, by=by)


def share_mandate(runtime: Runtime, person: Person, pair: Pair, mandate_id: str, to: str) -> str:
    """Record a power of attorney of one's own brand at the marketplace `to` as well; returns the copy's id.

    Raises NotFound, Forbidden, Invalid (as `share_right`; the agent has no account for the brand there) or Conflict (as
    `serving.rights.service.copies.copy_mandate`).
    """
    with runtime.store.write() as connection:
        audit.hold(connection)
        by, other = _require_both(connection, person, pair, to)
        return copy_mandate(runtime, connection, pair, mandate_id, other, by=by)


def share_price_list(runtime: Runtime, person: Person, pair: Pair, to: str) -> int:
    """Add the prices in force or later to the brand's list at the marketplace `to`; returns how many it did not have.

    Raises NotFound, Forbidden, Invalid (as `share_right`) or Conflict (the list there would exceed its maximum).
    """
    with runtime.store.write() as connection:
        audit.hold(connection)
        by, other = _require_both(connection, person, pair, to)
        shared = copy_entries(connection, pair, other, runtime.clock.now(), by=by)
    runtime.forget()
    return shared


def _require_both(connection: Connection, person: Person, pair: Pair, to: str) -> tuple[str, Pair]:
    """The person's name in the audit logs and the other pair, if they may change the brand's file at both."""
    by = require_lead(connection, person, pair)
    require_lead(connection, person, (to, pair[1]))
    return by, _other(connection, pair, to)


def _other(connection: Connection, pair: Pair, to: str) -> Pair:
    if to == pair[0]:
        raise Invalid("It is on file at this marketplace. Choose another one.")
    if pair[1] not in brands.enrolments(connection, to):
        raise NotFound("There is no such brand.")
    return to, pair[1]
