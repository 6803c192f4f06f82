from dataclasses import replace
from datetime import timedelta

import numpy as np

from features.compute import NAMES
from models.case import CaseLane
from models.verdict import Judgement
from tests.fixtures.simulation import a_small_market
from training.simulation.market import Offered
from training.simulation.memory import Memory
from training.simulation.people import Settled, settle

MARKET = a_small_market()
CONFIRMED = NAMES.index("seller_confirmed_counterfeits")
COPY = NAMES.index("likeness_counterfeits")


def text(offered: Offered, judgement: Judgement) -> Settled:
    return settle(
        offered, CaseLane.ASK_BRAND, offered.at, brand_id=None, brand_takes_part=True, brand_name="Aurelle",
        instead=lambda _offered, _side: judgement,
    )  # fmt: skip


def stands(offered: Offered) -> bool:
    """Whether nobody appeals a removal of the listing, which could otherwise be overturned."""
    return text(offered, Judgement.COUNTERFEIT).decision is None


def of_one_seller() -> tuple[str, list[Offered]]:
    """A seller with three listings, and these; a removal of the first one stands."""
    for one in filter(stands, MARKET.listings):
        found = [other for other in MARKET.listings if other.seller == one.seller]
        if one.seller is not None and len(found) > 2 and found[0] is one:
            return one.seller, found[:3]
    raise AssertionError("The market has no such seller.")


SELLER, (FIRST, SECOND, _) = of_one_seller()


def test_a_listing_of_an_unknown_seller_has_its_own_features() -> None:
    assert Memory().arrived(FIRST) is FIRST.computed


def test_a_verdict_about_a_seller_counts_once_it_is_known() -> None:
    memory = Memory()
    memory.judged(FIRST, text(FIRST, Judgement.COUNTERFEIT))
    before = memory.arrived(replace(SECOND, at=FIRST.at - timedelta(days=1)))
    later = memory.arrived(replace(SECOND, at=FIRST.at + timedelta(days=30)))
    assert before.vector[CONFIRMED] == 0
    assert later.vector[CONFIRMED] == np.log1p(1)
    assert later.facts.seller.outcomes is not None
    assert later.facts.seller.outcomes.counterfeit == 1


def test_a_copy_of_a_confirmed_counterfeit_is_recognised() -> None:
    memory = Memory()
    others = (o for o in MARKET.listings if o.signature is not None and o.seller not in {None, SELLER})
    original = next(filter(stands, others))
    memory.arrived(original)
    memory.judged(original, text(original, Judgement.COUNTERFEIT))
    listing = replace(original.computed.facts.listing, external_id="copy", seller=FIRST.computed.facts.listing.seller)
    facts = replace(original.computed.facts, listing=listing)
    computed = replace(original.computed, evidence=replace(original.computed.evidence, facts=facts))
    copied = replace(original, external_id="copy", at=original.at + timedelta(days=40), computed=computed)
    assert memory.arrived(copied).vector[COPY] == np.log1p(1)


def test_a_copied_memory_is_independent() -> None:
    memory = Memory()
    other = memory.copy()
    other.judged(FIRST, text(FIRST, Judgement.COUNTERFEIT))
    late = replace(SECOND, at=FIRST.at + timedelta(days=30))
    assert memory.arrived(late).vector[CONFIRMED] == 0
    assert other.arrived(late).vector[CONFIRMED] > 0
