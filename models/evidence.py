"""Hard evidence: findings about a listing that convince without a model and are shown whatever their weight."""

import math
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.compute import FEATURES, NAMES
from features.lexicon import Kind
from features.message import Message, quote_message
from features.spec import Evidence
from models.score import AMBIGUOUS

# The lexicon's kinds of wording in the order in which they convince. Wording of an honest use is none.
_WORDING: Final = {
    Kind.GRADE: "text_replica_grade",
    Kind.FACTORY: "text_factory",
    Kind.INSPIRED: "text_inspired",
    Kind.EVASION: "text_evasion",
    Kind.AUTHENTICITY: "text_overclaim",
    Kind.DOCUMENTS: "text_no_papers",
}
_INDICATORS: Final = "brand_tell_tales_of_counterfeits"
_OBFUSCATED: Final = ("brand_disguised", "text_mixed_words", "text_invisible")
# One letter from a registered name is a misspelling of it; two letters are too often another word.
_MISSPELT: Final = ("brand_near_miss", "brand_declared_near_miss")
_CONTACT: Final = ("text_contacts", "text_hidden_links", "text_links")
_COPIES: Final = ("likeness_own_counterfeit", "likeness_counterfeit")
# Below 35 % of a price for the same goods; the scorecard's stronger band. Our choice.
_FAR_BELOW: Final = math.log(0.35)
# A category holds cheap and dear brands, so its median says less. Corsearch Zeal: below 20 % of average retail.
_FAR_BELOW_CATEGORY: Final = math.log(0.2)
_COLUMN: Final = {name: column for column, name in enumerate(NAMES)}


def hard_evidence(e: Evidence, vector: NDArray[np.float64]) -> tuple[Message, ...]:
    """The findings, the most convincing first.

    In order: wording of the lexicon, the brand's own indicators, obfuscated text, contact details, copies of confirmed
    counterfeits, prices far below others, and last wording that alone proves nothing.

    `vector` has shape (n_features,).
    """
    return tuple(_findings(e, vector))


def _findings(e: Evidence, vector: NDArray[np.float64]) -> Iterator[Message]:
    strong = {
        kind for kind, matches in e.reading.kinds.items() if any(match.specificity != "weak" for match in matches)
    }
    yield from _feature_messages(e, vector, {name: 0.0 for kind, name in _WORDING.items() if kind in strong})
    yield from _feature_messages(e, vector, dict.fromkeys((_INDICATORS, *_OBFUSCATED), 0.0))
    yield from _feature_messages(e, vector, dict.fromkeys(_MISSPELT, 0.5))
    yield from _feature_messages(e, vector, {"text_contact": 0.0} if Kind.CONTACT in strong else {})
    yield from _feature_messages(e, vector, dict.fromkeys((*_CONTACT, *_COPIES), 0.0))
    yield from _price_findings(e, vector)
    weak = [
        match.words
        for kind in (*_WORDING, Kind.CONTACT)
        if kind not in strong
        for match in e.reading.kinds.get(kind, ())
    ]
    if weak:
        yield quote_message(AMBIGUOUS, weak)


def _feature_messages(e: Evidence, vector: NDArray[np.float64], above: Mapping[str, float]) -> Iterator[Message]:
    """The words of these features where their values are above the bounds."""
    for name, bound in above.items():
        feature_value = float(vector[_COLUMN[name]])
        if feature_value > bound and (finding := FEATURES[_COLUMN[name]].say(e, feature_value)) is not None:
            yield finding


def _price_findings(e: Evidence, vector: NDArray[np.float64]) -> Iterator[Message]:
    """Prices far below the list price or a median: that of the brand, or of the category where that is unknown."""
    bounds = {"price_to_list": _FAR_BELOW, "likeness_price_level": _FAR_BELOW}
    if math.isnan(vector[_COLUMN["price_to_brand_category"]]):
        bounds["price_to_category"] = _FAR_BELOW_CATEGORY
    else:
        bounds["price_to_brand_category"] = _FAR_BELOW
    for name in ("price_to_list", "price_to_brand_category", "price_to_category", "likeness_price_level"):
        feature_value = float(vector[_COLUMN[name]])
        if (
            name in bounds
            and feature_value < bounds[name]
            and (finding := FEATURES[_COLUMN[name]].say(e, feature_value)) is not None
        ):
            yield finding
