"""Why a 'counterfeit' removes nothing by itself, on whichever road it comes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from models.verdict import Judgement, Side
from serving.accounts.rules.second_person import Roots, is_independent_of_all

_STAYS: Final = frozenset({Judgement.GENUINE, Judgement.LICENSED, Judgement.GREY_MARKET})


class Doubt(StrEnum):
    """What speaks against a removal; the first that applies is told."""

    REINSTATED_BEFORE = "reinstated_before"
    FOUND_GENUINE = "found_genuine"
    BRAND_UNRESOLVED = "brand_unresolved"


@dataclass(frozen=True, slots=True)
class Claim:
    """A 'counterfeit', by the people of a brand or by an analyst; the other of the two is None."""

    brand_id: str | None = None
    analyst_id: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A judgement in force on the listing; `of_version` is whether it was given on the version that is claimed."""

    judgement: Judgement
    side: Side
    user_id: str
    brand_id: str | None
    at: datetime
    of_version: bool


@dataclass(frozen=True, slots=True)
class Background:
    """What is stored about a listing: its decisions in the order of time, when the last removal was reversed (None
    where none was, or one followed), and the brand that the version is resolved to or was named with.
    """

    decisions: Sequence[Decision]
    reinstated_at: datetime | None
    brand_id: str | None


def doubt(background: Background, claim: Claim, roots: Roots) -> Doubt | None:
    """What speaks against a removal now; None where the claim may remove.

    A reversed removal binds, and so does a finding of an analyst or of the same brand that the goods of this version
    are no counterfeit. Either binds until an analyst who counts as another person than everybody who had decided on
    the listing until then finds it counterfeit. A brand's claim also needs the listing to be resolved to the brand: its
    own statement does not tell whose mark the goods bear.
    """
    reversed_at, cleared_at = background.reinstated_at, _cleared_at(background, claim)
    if reversed_at is not None and not _decided_by_another(background, claim, reversed_at, roots):
        return Doubt.REINSTATED_BEFORE
    if cleared_at is not None and not _decided_by_another(background, claim, cleared_at, roots):
        return Doubt.FOUND_GENUINE
    unresolved = claim.brand_id is not None and claim.brand_id != background.brand_id
    return Doubt.BRAND_UNRESOLVED if unresolved else None


def _cleared_at(background: Background, claim: Claim) -> datetime | None:
    """When this version was last found to be no counterfeit by somebody whose finding binds."""
    return max(
        (
            decision.at
            for decision in background.decisions
            if decision.of_version
            and decision.judgement in _STAYS
            and (decision.side is Side.ANALYST or claim.brand_id in {None, decision.brand_id})
        ),
        default=None,
    )


def _decided_by_another(background: Background, claim: Claim, since: datetime, roots: Roots) -> bool:
    deciders = {decision.user_id for decision in background.decisions if decision.at <= since}
    return any(is_independent_of_all(roots, user_id, deciders) for user_id in _accusers(background, claim, since))


def _accusers(background: Background, claim: Claim, since: datetime) -> Iterable[str]:
    """The analysts who found the listing counterfeit after a moment, the one who claims it now included."""
    if claim.analyst_id is not None:
        yield claim.analyst_id
    for decision in background.decisions:
        if decision.at > since and decision.side is Side.ANALYST and decision.judgement is Judgement.COUNTERFEIT:
            yield decision.user_id
