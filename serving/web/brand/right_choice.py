"""The choice of a right among those of a person's brands."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from models.verdict import ReasonCode
from serving.accounts.rules.access import Permission
from serving.accounts.store import second_factors
from serving.accounts.store.accounts import Session
from serving.brands.rules.rights import RightKind, RightState, kinds_for
from serving.brands.service.rights_claims import basis_of
from serving.brands.store import brands, rights
from serving.brands.store.rights import StoredRight
from serving.marketplaces.store import marketplaces
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.platform.tongues import N_, join_sentences, say
from serving.web import text_view
from serving.web.text_view import ShownText
from serving.web.wording.translated import in_words
from serving.web.wording.vocabulary import REASON_CODES, Option

_KINDS: Final = {
    RightKind.MARK: N_("Mark “%(title)s”"),
    RightKind.DESIGN: N_("Design “%(title)s”"),
    RightKind.COPYRIGHT: N_("Copyright “%(title)s”"),
}
_CHOSEN_FROM: Final = frozenset({RightState.VERIFIED, RightState.CARRIED_OVER})


@dataclass(frozen=True, slots=True)
class RightChoice:
    """A right of the person's brands at a marketplace, with the address that selects it."""

    name: ShownText
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class ChosenRight:
    """The right that the form uses; `objection` says why it cannot be used, None if it can."""

    right_id: str
    marketplace_id: str
    brand_id: str
    objection: str | None
    reason_codes: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class OfferedRights:
    """The rights to choose from, and the chosen one; None where the brands have no right that can be used.

    `lacks_factor` is whether the person has no second factor, which is offered before anything is typed.
    """

    choices: tuple[RightChoice, ...]
    chosen: ChosenRight | None
    lacks_factor: bool = False


def choice_of_rights(
    runtime: Runtime, connection: Connection, session: Session, right_id: str, path: str, now: datetime
) -> OfferedRights:
    """The rights of the person's brands; chosen is the right with the wanted id or the first."""
    pairs = sorted(session.person.brands(Permission.ANSWER_QUESTIONS))
    stored_rights = [
        right for pair in pairs for right in rights.rights_of(connection, pair) if right.right.state in _CHOSEN_FROM
    ]
    if not stored_rights:
        return OfferedRights((), None)
    at = next((n for n, right in enumerate(stored_rights) if right.right.right_id == right_id), 0)
    chosen = _chosen_right(runtime, connection, session, stored_rights[at], now)
    choices = (_right_choice(connection, right, path, pairs, current=n == at) for n, right in enumerate(stored_rights))
    has_factor = bool(second_factors.of_person(connection, session.person.user_id))
    return OfferedRights(tuple(choices), chosen, lacks_factor=chosen.objection is None and not has_factor)


def _chosen_right(
    runtime: Runtime, connection: Connection, session: Session, stored: StoredRight, now: datetime
) -> ChosenRight:
    right, (place, brand_id) = stored.right, stored.pair
    codes = tuple(code for code in REASON_CODES if right.kind in kinds_for(ReasonCode(code.value)))
    first = ReasonCode(codes[0].value)
    basis, _ = basis_of(runtime, connection, stored.pair, session.person, first, now, only=right.right_id)
    return ChosenRight(
        right.right_id, place, brand_id, None if basis.right else join_sentences(*map(in_words, basis.reasons)), codes
    )


def _right_choice(
    connection: Connection, stored_right: StoredRight, path: str, pairs: Collection[Pair], *, current: bool
) -> RightChoice:
    right, (place, brand_id) = stored_right.right, stored_right.pair
    name = f"{say(_KINDS[right.kind], title=right.title)}, {right.office} {right.number}"
    if len({brand for _, brand in pairs}) > 1:
        name += f", {brands.enrolments(connection, place)[brand_id].name}"
    if len({marketplace_id for marketplace_id, _ in pairs}) > 1:
        name += f", {marketplaces.get(connection, place).name}"
    return RightChoice(text_view.show(name), f"{path}?right={right.right_id}", current)
