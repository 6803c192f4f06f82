"""The part of a listing's facts that depends on earlier verdicts in an arm: seller outcomes and near-duplicates."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Final

from features.compute import ComputedFeatures, compute
from features.history import Outcomes
from features.near_duplicates import (
    MOST_COMPARED,
    AskingPrice,
    Candidate,
    NearDuplicates,
    Period,
    Ruling,
    near_duplicates,
)
from models.labels import VALUES, AppealState
from models.seller_history import SellerHistory
from training.simulation.market import NOBODY_JUDGED, OfferedListing
from training.simulation.people import ListingAnswers

_MOST_PER_KEY: Final = 16  # The latest texts of each key, as in the service.


@dataclass(slots=True)
class Memory:
    """The verdicts and texts of an arm so far; each answer is as of the arrival of its listing."""

    _by_seller: dict[str, SellerHistory] = field(default_factory=lambda: defaultdict(SellerHistory))
    _by_listing: dict[str, ListingAnswers] = field(default_factory=dict)
    _texts: dict[int, list[OfferedListing]] = field(default_factory=lambda: defaultdict(list))

    def copy(self) -> "Memory":
        """A copy that later changes independently."""
        return Memory(
            defaultdict(
                SellerHistory,
                {seller: SellerHistory(rulings=list(past.rulings)) for seller, past in self._by_seller.items()},
            ),
            dict(self._by_listing),
            defaultdict(list, {key: list(texts) for key, texts in self._texts.items()}),
        )

    def arrived(self, offered: OfferedListing) -> ComputedFeatures:
        """The features of an incoming listing, with all that is known by then; its text is remembered."""
        facts = offered.computed.facts
        outcomes = None if offered.seller is None else self._outcomes(offered)
        alike = self._near_duplicates(offered)
        for key in offered.keys:
            texts = self._texts[key]
            texts.append(offered)
            del texts[:-_MOST_PER_KEY]
        if outcomes == facts.seller.outcomes and alike == facts.near_duplicates:
            return offered.computed
        return compute(replace(facts, seller=replace(facts.seller, outcomes=outcomes), near_duplicates=alike))

    def judged(self, offered: OfferedListing, settled: ListingAnswers) -> None:
        """Remember the verdicts about a listing."""
        self._by_listing[offered.external_id] = settled
        if offered.seller is not None:
            self._by_seller[offered.seller].rulings.extend(settled.rulings(offered.external_id))

    def _outcomes(self, offered: OfferedListing) -> Outcomes:
        past = self._by_seller.get(offered.seller or "")
        return past.outcomes_at(offered.at) if past else NOBODY_JUDGED

    def _near_duplicates(self, offered: OfferedListing) -> NearDuplicates | None:
        if offered.signature is None:
            return None
        near = {offered.external_id: offered for key in offered.keys for offered in self._texts.get(key, ())}
        return near_duplicates(
            offered.signature,
            listing_id=offered.external_id,
            seller=offered.seller,
            candidates=[self._candidate(offered) for offered in list(near.values())[-MOST_COMPARED:]],
            as_of=offered.at,
            more=len(near) > MOST_COMPARED,
        )

    def _candidate(self, offered: OfferedListing) -> Candidate:
        assert offered.signature is not None
        settled = self._by_listing.get(offered.external_id)
        facts = offered.computed.facts
        return Candidate(
            text_id=offered.external_id,
            listing_id=offered.external_id,
            seller=offered.seller,
            signature=offered.signature,
            known_at=offered.at,
            prices=(AskingPrice(offered.at, facts.price.log_price),),
            rulings=_rulings(settled) if settled else (),
            authorised=(Period(offered.at, None),) if facts.seller.authorised else (),
        )


def _rulings(settled: ListingAnswers) -> tuple[Ruling, ...]:
    rulings = [
        Ruling(known_at=verdict.known_at, counterfeit=bool(VALUES[verdict.judgement]))
        for verdict in settled.rulings_given
        if verdict.judgement in VALUES
    ]
    if settled.decision is not None and settled.appeal(settled.decision.known_at) is AppealState.UPHELD:
        rulings.append(Ruling(known_at=settled.decision.known_at, counterfeit=False))
    return tuple(rulings)
