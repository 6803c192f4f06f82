"""Who must agree before a held removal leaves or is withdrawn. Standard library only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from models.access import Permission, Person
from models.bursts import BURSTS, HoldCause
from models.errors import Conflict, Forbidden, Invalid

# Organisations: a marketplace's desk, the brand programme, and each brand by its id.
DESK: Final = "desk"
PROGRAMME: Final = "programme"


class Decision(StrEnum):
    """What is to become of a held removal."""

    RELEASE = "release"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person says of a held removal, for which organisation and why. A later one replaces an earlier one."""

    user_id: str
    organisation: str
    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True)
class Bearing:
    """Whose a held removal is: where, of which brand, who looks after that brand, who confirmed and for whom."""

    marketplace_id: str
    brand_id: str | None
    account_manager_id: str | None
    confirmed_by: frozenset[str]
    confirmer: str
    causes: frozenset[HoldCause]


def organisation_of(person: Person, bearing: Bearing) -> str | None:
    """For whom somebody speaks on a held removal; None where it is none of their business.

    Who has several roles speaks for the desk before the programme before the brand: one person is one voice.
    """
    here, brand = bearing.marketplace_id, bearing.brand_id
    if here in person.marketplaces(Permission.REVIEW_CASES):
        return DESK
    looks_after = here in person.marketplaces(Permission.LOOK_AFTER_BRANDS)
    if looks_after and bearing.account_manager_id in {None, person.user_id}:
        return PROGRAMME
    if brand is not None and (here, brand) in person.brands(Permission.ANSWER_QUESTIONS):
        return brand
    return None


def check_opinion(person: Person, bearing: Bearing, given: Sequence[Opinion], opinion: Opinion) -> None:
    """Refuse an opinion that cannot count.

    Raises
    ------
    Forbidden
        The person confirmed the removal themselves.
    Invalid
        There is no reason.
    Conflict
        They have said the same before.
    """
    if person.user_id in bearing.confirmed_by:
        raise Forbidden("You confirmed this removal; somebody else must decide what becomes of it.")
    if not opinion.reason.strip():
        raise Invalid("Give a reason.")
    said = _latest(given).get(person.user_id)
    if said is not None and said.decision is opinion.decision:
        raise Conflict("You have said so already; somebody of another organisation must agree.")


def settled(given: Sequence[Opinion], bearing: Bearing) -> Decision | None:
    """What enough people agree on; None while somebody is missing.

    After a burst the confirmer's word is what is in doubt, so it counts for nothing: somebody of the desk and somebody
    of another organisation agree. A removal that is held for the size of the shop, or while the rule is switched off,
    already has the confirmer's word; one person of another organisation is the second. As many as could let it leave
    can withdraw it, or a removal that nobody wants would wait for ever. A score is no person and has no opinion.
    """
    for decision in Decision:
        # Whoever has confirmed since they spoke is counted out again here.
        agreeing = {
            one.organisation
            for one in _latest(given).values()
            if one.decision is decision and one.user_id not in bearing.confirmed_by
        }
        if _enough(agreeing, bearing):
            return decision
    return None


def _enough(organisations: Collection[str], bearing: Bearing) -> bool:
    if bearing.causes & BURSTS:
        return DESK in organisations and len(organisations) > 1
    return any(one != bearing.confirmer for one in organisations)


def _latest(given: Sequence[Opinion]) -> dict[str, Opinion]:
    return {one.user_id: one for one in given}
