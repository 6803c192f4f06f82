"""The course of a case until it is settled, by the service's own rules: all answers with their times."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

from models.case import CaseLane
from models.labels import WANTS_A_SECOND, AppealState, GivenVerdict, label_from
from models.outcomes import Ruling
from models.policies.deciding import DEFAULT_ENFORCEMENT
from models.policies.learning import DEFAULT_LABELS, DEFAULT_SECOND_REVIEW
from models.verdict import DecisionInput, Judgement, Outcome, Side, consequence
from training.simulation.market import OfferedListing
from training.simulation.simulated.answers import Answer, analyst_answer, brand_answer, named_brand, seller_appeals
from training.simulation.simulated.chance import Random
from training.simulation.simulated.stream import Truth

Instead = Callable[[OfferedListing, Side], Judgement | None]

_CASE, _APPEAL, _SECOND_REVIEW = 1, 2, 3  # Random streams.
_OBJECTS_WITHIN: Final = 9.0  # Maximum days until a seller appeals; the appeal window is fourteen.
_BRAND_USER: Final = "brand"
_ANALYSTS: Final = ("analyst-1", "analyst-2")
_APPEAL_ANALYST: Final = "analyst-3"
_SECOND_ANALYST: Final = "analyst-4"


@dataclass(frozen=True, slots=True)
class ListingAnswers:
    """All answers about one listing, each with its time; point-in-time readers select by the times."""

    verdicts: tuple[GivenVerdict, ...]
    looks: int
    removed_at: datetime | None
    appealed_at: datetime | None = None
    decision: GivenVerdict | None = None

    @property
    def is_down(self) -> bool:
        """Whether the listing was removed and the removal stands."""
        return self.removed_at is not None and not self._is_overturned

    @property
    def _is_overturned(self) -> bool:
        return self.decision is not None and self.decision.judgement is not Judgement.COUNTERFEIT

    def appeal(self, as_of: datetime) -> AppealState:
        """The state of the appeal at a given time."""
        if self.appealed_at is None or self.appealed_at > as_of:
            return AppealState.NONE
        if self.decision is None or self.decision.known_at > as_of:
            return AppealState.OPEN
        return AppealState.UPHELD if self._is_overturned else AppealState.DISMISSED

    @property
    def rulings_given(self) -> tuple[GivenVerdict, ...]:
        """The verdicts with consequences; a second review only affects the label."""
        return tuple(verdict for verdict in self.verdicts if not verdict.second_review)

    def rulings(self, listing_id: str) -> list[Ruling]:
        """The verdicts in the form of a seller's point-in-time history."""
        rulings = [Ruling(listing_id, listing_id, v.judgement, v.side, False, v.known_at) for v in self.rulings_given]
        if self.decision is not None:
            decision = self.decision
            rulings.append(Ruling(listing_id, listing_id, decision.judgement, decision.side, True, decision.known_at))
        return rulings


@dataclass(frozen=True, slots=True)
class _Answers:
    """The answers that a listing would get, all drawn at once, so that their order does not affect them."""

    brand: Answer | None
    analysts: tuple[Answer, Answer]

    @classmethod
    def of(cls, truth: Truth, random: Random) -> Self:
        return cls(brand_answer(truth, random), (analyst_answer(truth, random), analyst_answer(truth, random)))


def settle(
    offered: OfferedListing,
    lane: CaseLane,
    at: datetime,
    *,
    brand_id: str | None,
    brand_takes_part: bool,
    brand_name: str | None,
    taking_part: Collection[str] = frozenset(),
    instead: Instead | None = None,
) -> ListingAnswers:
    """The result of a case that is opened at a given time; `instead` may plant an answer in place of the honest one.

    An analyst who finds goods of an unresolved brand counterfeit names it, and it is asked if it is `taking_part`.

    A question that the brand does not answer returns to an analyst after the service's four days.
    """
    answers = _Answers.of(offered.truth, offered.random(_CASE))
    verdicts: list[GivenVerdict] = []
    now, looks, can_be_asked, removed_at = at, 0, brand_takes_part, None
    while True:
        side = Side.BRAND if lane is CaseLane.ASK_BRAND else Side.ANALYST
        analyst = sum(verdict.side is Side.ANALYST for verdict in verdicts) % len(_ANALYSTS)
        answer = answers.brand if side is Side.BRAND else answers.analysts[analyst]
        judgement = instead(offered, side) if instead else None
        looks += 1
        if answer is None and judgement is None:
            now += timedelta(hours=DEFAULT_ENFORCEMENT.brand_answers_within_hours)
            lane, can_be_asked = CaseLane.ANALYST, False
            continue
        if answer is not None:
            now += timedelta(hours=answer.delay_hours)
            judgement = judgement or Judgement(answer.verdict)
        assert judgement is not None
        if judgement is Judgement.COUNTERFEIT and brand_name is None:
            named = named_brand(offered.truth)
            brand_id, brand_name, can_be_asked = named.brand_id, named.name, named.brand_id in taking_part
        follows = consequence(judgement, DecisionInput(lane, side, can_be_asked, brand_name), DEFAULT_ENFORCEMENT)
        user = _BRAND_USER if side is Side.BRAND else _ANALYSTS[analyst]
        name = f"{offered.external_id}/{len(verdicts)}"
        drawn = lane is CaseLane.AUDIT
        verdicts.append(
            GivenVerdict(name, judgement, side, user, now, superseded=False, brand_id=brand_id, drawn=drawn)
        )
        if follows.outcome is Outcome.REMOVE:
            removed_at = now
        if follows.lane is None:
            return _with_appeal(
                offered, _with_second_review(offered, ListingAnswers(tuple(verdicts), looks, removed_at))
            )
        can_be_asked = can_be_asked and side is not Side.BRAND
        lane = follows.lane


def _with_second_review(offered: OfferedListing, settled: ListingAnswers) -> ListingAnswers:
    """The result, with a blind second review by another analyst if the label needs it."""
    verdict_at = settled.verdicts[-1].known_at
    label = label_from(settled.verdicts, AppealState.NONE, as_of=verdict_at, policy=DEFAULT_LABELS)
    if label is not WANTS_A_SECOND:
        return settled
    answer = analyst_answer(offered.truth, offered.random(_SECOND_REVIEW))
    known_at = verdict_at + timedelta(days=DEFAULT_SECOND_REVIEW.due_within_days, hours=answer.delay_hours)
    name, judgement = f"{offered.external_id}/second-look", Judgement(answer.verdict)
    verdict = GivenVerdict(name, judgement, Side.ANALYST, _SECOND_ANALYST, known_at, superseded=False)
    second = replace(verdict, second_review=True)
    return replace(settled, verdicts=(*settled.verdicts, second), looks=settled.looks + 1)


def _with_appeal(offered: OfferedListing, settled: ListingAnswers) -> ListingAnswers:
    """The result, with the decision of another analyst if the seller appeals the removal."""
    random = offered.random(_APPEAL)
    objects, after = seller_appeals(offered.truth, random), timedelta(days=_OBJECTS_WITHIN * random.random())
    if settled.removed_at is None or not objects:
        return settled
    answer = analyst_answer(offered.truth, random)
    appealed_at = settled.removed_at + after
    decided_at = appealed_at + timedelta(hours=answer.delay_hours)
    name, judgement = f"{offered.external_id}/appeal", Judgement(answer.verdict)
    decision = GivenVerdict(name, judgement, Side.ANALYST, _APPEAL_ANALYST, decided_at, superseded=False)
    return replace(settled, appealed_at=appealed_at, decision=decision)
