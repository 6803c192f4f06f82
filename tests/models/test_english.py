"""English sentences of messages: no count stands before a noun in the wrong number."""

import re
from typing import Final

from models.messages.english import sentences

_COUNTED: Final = re.compile(r"\{n(?::[^}]*)?\} (?:[a-z-]+ ){0,4}?[a-z]{3,}s\b")
# Beginnings of codes by the reason why their number is never one.
SEVERAL: Final = {
    "a limit or a need of a policy": (
        "pending.",
        "standing.capped",
        "standing.provisional",
        "standing.made_up",
        "effect.",
        "reach.",
    ),
    "enough to compare with": ("likeness_", "price_to_", "seller_price_spread", "breaker.", "risk.", "alert."),
    "the whole of a share, and no noun of its own": ("standing.audits",),
    "between two or more": ("price_largest_fall", "seller_linked_sellers.more", "route.high.brands"),
}


def test_a_noun_that_is_counted_has_its_singular() -> None:
    single = [
        code for code, sentence in sentences().items() if sentence.other is None and _COUNTED.search(sentence.text)
    ]
    assert [code for code in single if not code.startswith(sum(SEVERAL.values(), ()))] == []
