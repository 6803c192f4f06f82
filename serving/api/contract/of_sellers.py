"""The responses about strikes, sanctions and risks of sellers."""

from typing import Any

from pydantic import Field

from serving.api.contract.shapes import Moment, Page, Shape


class StrikeIncident(Shape):
    """Removals that count as one strike."""

    kind: str
    weight: float
    began_at: Moment
    spent_at: Moment
    removals: list[str]


class Strikes(Shape):
    """The current strikes of a seller."""

    seller: str
    total: float
    reasons: list[str]
    incidents: list[StrikeIncident]


class SanctionVote(Shape):
    """A vote on a sanction."""

    organisation: str
    agrees: bool


class Sanction(Shape):
    """A sanction of a seller."""

    sanction_id: str
    seller: str
    measure: str
    cause: str
    state: str
    path: str | None
    reasons: list[Any]
    strikes_now: float
    linked: list[Any]
    proposed_at: Moment
    due_at: Moment | None
    votes: list[SanctionVote] = Field(alias="said")


class Sanctions(Shape):
    """Undecided sanctions and those in force."""

    undecided: list[Sanction]
    in_force: list[Sanction]
    next_undecided: str | None
    next_in_force: str | None


class SellerFigures(Shape):
    """One seller's figures and rank."""

    state: str | None
    offers: int | None
    left_out: int | None
    left_out_confirmed: int | None
    expected: float | None
    confirmed: int | None
    cleared: int | None
    share: float | None
    percentile: float | None


class Ranking(Shape):
    """What a ranking was made of; null where none was made."""

    as_of: Moment | None
    window_days: int | None
    sellers: int | None
    usual_share: float | None
    policy_version: str | None


class RankedSeller(SellerFigures):
    """A seller of a ranking."""

    seller: str


class SellerRisks(Page, Ranking):
    """Sellers, the riskiest first."""

    riskiest: list[RankedSeller]
