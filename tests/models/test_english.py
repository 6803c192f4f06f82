"""English sentences of messages: no count stands before a noun in the wrong number."""

import re
from typing import Final

from features.message import message
from models.messages.catalogue import sentences
from models.messages.english import in_english

_COUNTED: Final = re.compile(r"\{n(?::[^}]*)?\} (?:[a-z-]+ ){0,4}?[a-z]{3,}s\b")
# By the beginning of the code: why the number is never one.
SEVERAL: Final = {
    "hold.": "a budget, of ten and more",
    "standing.capped": "the daily limit, three and more",
    "standing.too_few": "the outcomes that a level needs",
    "effect.": "the daily limit",
    "phase.first": "the daily limit",
    "alert.campaign": "a campaign is of many listings",
    "likeness_": "at least a number, or enough listings to compare with",
    "price_to_": "enough listings to compare with",
    "price_largest_fall": "a price falls between two versions",
    "seller_price_spread": "a median of several prices",
    "seller_linked_sellers.more": "at least a number of sellers",
    "breaker.surge": "enough listings for a share",
    "route.high.brands": "several brands are possible",
    "reach.": "a limit of links",
    "risk.ranked": "enough sellers to compare with",
    "risk.lowest": "enough sellers to compare with",
    "step_up.": "a number after its noun",
}


def test_a_noun_that_is_counted_has_its_singular() -> None:
    single = {code: one.text for code, one in sentences().items() if one.other is None and _COUNTED.search(one.text)}
    assert {code: text for code, text in single.items() if not code.startswith(tuple(SEVERAL))} == {}


def test_one_more_outcome_is_one_outcome() -> None:
    assert in_english(message("outlook.lost", n=1)) == "1 more overturned outcome would end good-faith standing."
