"""The memory of an arm about sellers and texts: the part of a listing's facts that depends on earlier verdicts."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Final

from features.compute import Computed, compute
from features.history import Outcomes
from features.near_duplicates import MOST_COMPARED, Asked, Candidate, NearDuplicates, Period, Ruling, likeness
from models.labels import VALUES, AppealState
from models.seller_history import SellerHistory
from training.simulation.market import NOBODY_JUDGED, Offered
from training.simulation.people import Settled

_MOST_PER_KEY: Final = 16  # As the service: the latest texts under each key.


@dataclass(slots=True)
class Memory:
    """Grows with the year; asked about a listing, it answers as of the moment at which that came in."""

    _said_of_seller: dict[str, SellerHistory] = field(default_factory=lambda: defaultdict(SellerHistory))
    _said_of_listing: dict[str, Settled] = field(default_factory=dict)
    _texts: dict[int, list[Offered]] = field(default_factory=lambda: defaultdict(list))

    def copy(self) -> "Memory":
        """A memory with the same past and its own future."""
        return Memory(
            defaultdict(
                SellerHistory,
                {seller: SellerHistory(rulings=list(past.rulings)) for seller, past in self._said_of_seller.items()},
            ),
            dict(self._said_of_listing),
            defaultdict(list, {key: list(texts) for key, texts in self._texts.items()}),
        )

    def came(self, offered: Offered) -> Computed:
        """The numbers of a listing that comes in, with all that is known by then; it is remembered from now on."""
        facts = offered.computed.facts
        outcomes = None if offered.seller is None else self._outcomes(offered)
        alike = self._near_duplicates(offered)
        for key in offered.keys:
            texts = self._texts[key]
            texts.append(offered)
            del texts[:-_MOST_PER_KEY]
        if outcomes == facts.seller.outcomes and alike == facts.likeness:
            return offered.computed
        return compute(replace(facts, seller=replace(facts.seller, outcomes=outcomes), likeness=alike))

    def judged(self, offered: Offered, settled: Settled) -> None:
        """Remember what was said of a listing."""
        self._said_of_listing[offered.external_id] = settled
        if offered.seller is not None:
            self._said_of_seller[offered.seller].rulings.extend(settled.rulings(offered.external_id))

    def _outcomes(self, offered: Offered) -> Outcomes:
        past = self._said_of_seller.get(offered.seller or "")
        return past.outcomes_at(offered.at) if past else NOBODY_JUDGED

    def _near_duplicates(self, offered: Offered) -> NearDuplicates | None:
        if offered.signature is None:
            return None
        near = {one.external_id: one for key in offered.keys for one in self._texts.get(key, ())}
        candidates = [self._candidate(one) for one in list(near.values())[-MOST_COMPARED:]]
        return likeness(
            offered.signature,
            listing_id=offered.external_id,
            seller=offered.seller,
            candidates=candidates,
            as_of=offered.at,
            more=len(near) > MOST_COMPARED,
        )

    def _candidate(self, one: Offered) -> Candidate:
        assert one.signature is not None
        settled = self._said_of_listing.get(one.external_id)
        facts = one.computed.facts
        return Candidate(
            text_id=one.external_id,
            listing_id=one.external_id,
            seller=one.seller,
            signature=one.signature,
            known_at=one.at,
            prices=(Asked(one.at, facts.price.log_price),),
            rulings=_rulings(settled) if settled else (),
            authorised=(Period(one.at, None),) if facts.seller.authorised else (),
        )


def _rulings(settled: Settled) -> tuple[Ruling, ...]:
    lines = [
        Ruling(known_at=one.known_at, counterfeit=bool(VALUES[one.judgement]))
        for one in settled.rulings_given
        if one.judgement in VALUES
    ]
    if settled.decision is not None and settled.appeal(settled.decision.known_at) is AppealState.UPHELD:
        lines.append(Ruling(known_at=settled.decision.known_at, counterfeit=False))
    return tuple(lines)
