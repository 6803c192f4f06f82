"""The starter scorecard: what a marketplace works with before it has any label."""

import math
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    """`points` where the feature lies in [low, high); the highest band of one feature counts, not their sum."""

    feature: str
    low: float
    high: float
    points: float


_ANY_MORE: Final = math.inf
_ANY_LESS: Final = -math.inf


@dataclass(frozen=True, slots=True)
class ScorecardPolicy:
    """Documented points per signal. They are judgements, not fits: nothing here is a probability.

    30 points are what one strong signal is worth; 20 bring a listing to an analyst (models.policies.routing).
    """

    rules: tuple[Rule, ...] = (
        # Alibaba's and Corsearch's seed rule is 20 % of retail (Capabilities C.9); a median is below retail.
        Rule("price_to_brand_category", _ANY_LESS, math.log(0.35), 30),
        Rule("price_to_brand_category", math.log(0.35), math.log(0.6), 15),
        # A fifth of what the brand asks: the seed rule itself, but used goods cost that too, so it never stands alone.
        Rule("price_to_list", _ANY_LESS, math.log(0.2), 15),
        # Strong wording weighs 3 in the lexicon: precise and rare (none in 22,912 genuine titles).
        Rule("text_replica_grade", 3, _ANY_MORE, 40),
        Rule("text_replica_grade", 1, 3, 10),
        Rule("text_factory", 1, _ANY_MORE, 10),
        Rule("text_inspired", 1, _ANY_MORE, 5),
        Rule("text_contact", 1, _ANY_MORE, 10),
        Rule("text_evasion", 1, _ANY_MORE, 10),
        # A link that is meant not to be found has a reason not to be.
        Rule("text_hidden_links", 1, _ANY_MORE, 20),
        Rule("text_kinds", 3, _ANY_MORE, 10),
        # An honest seller has no reason to hide a brand's name.
        Rule("brand_disguised", 1, _ANY_MORE, 30),
        Rule("brand_named_but_not_declared", 1, _ANY_MORE, 10),
        # A letter off may be a slip or another small maker; two letters are too often just another word.
        Rule("brand_near_miss", 1, _ANY_MORE, 15),
        Rule("brand_declared_near_miss", 1, _ANY_MORE, 15),
        # Buyers who say so: 3 % after smoothing needs two such returns among few sales.
        Rule("item_fake_return_share", 0.03, _ANY_MORE, 30),
        Rule("item_fake_return_share", 0.015, 0.03, 15),
        Rule("seller_fake_return_share_90d", 0.02, _ANY_MORE, 15),
        Rule("item_return_share", 0.2, _ANY_MORE, 10),
        Rule("seller_return_share_90d", 0.2, _ANY_MORE, 10),
        Rule("seller_age", _ANY_LESS, math.log1p(30), 10),
        Rule("seller_confirmed_counterfeits", math.log1p(1), _ANY_MORE, 30),
        # Who puts up again what was found counterfeit, in the same words, is not mistaken. Another seller with these
        # words may be the one from whom they were copied: no reason alone.
        Rule("likeness_own_counterfeit", 0.7, _ANY_MORE, 40),
        Rule("likeness_counterfeit", 0.9, _ANY_MORE, 15),
        # The brand knows its goods; a tell-tale may be copied once it is known, so one is no proof by itself.
        Rule("brand_tell_tales_of_counterfeits", 1, _ANY_MORE, 25),
        Rule("brand_tell_tales_of_its_own", 1, _ANY_MORE, -10),
        # What speaks for a seller takes points away, never more than one weak signal.
        Rule("seller_age", math.log1p(3 * 365), _ANY_MORE, -10),
        Rule("text_honest_use", 1, _ANY_MORE, -5),
    )


DEFAULT_SCORECARD: Final = ScorecardPolicy()
